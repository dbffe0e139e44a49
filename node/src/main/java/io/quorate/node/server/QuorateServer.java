/* SPDX-License-Identifier: Apache-2.0 */
package io.quorate.node.server;

import io.grpc.Server;
import io.quorate.logstore.io.NioDisk;
import io.quorate.logstore.io.ReadOnlyNioDisk;
import io.quorate.node.NodeRuntime;
import io.quorate.node.NodeSettings;
import io.quorate.node.api.NodeApi;
import io.quorate.node.metrics.NodeMetrics;
import io.quorate.node.replica.Rehearsal;
import io.quorate.node.replica.ReplicaObserver;
import io.quorate.node.rpc.CallGate;
import io.quorate.node.rpc.ErrorMapping;
import io.quorate.node.rpc.GrpcTransport;
import io.quorate.node.rpc.LogGrpcService;
import io.quorate.node.rpc.PeerCodec;
import io.quorate.raft.Prng;
import io.quorate.raft.log.NodeId;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node as it runs in production: the runtime on Netty's event loop, gRPC on two ports, files on disk, and four
 * threads: the event loop, and one each for flushes, reads and background work.
 *
 * <p>Started once and stopped once. Public methods may be called from any thread but the node's own.
 */
public final class QuorateServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QuorateServer.class);
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);

    /** How long each of the last steps of a stop may take; they depend on neither clients nor peers. */
    private static final Duration STEP_PATIENCE = Duration.ofSeconds(5);

    private static final String ANY_PORT = ":0";

    private final ServerOptions options;
    private final Prng prng = new Prng(new SecureRandom().nextLong());
    private final NettyEventLoop loop;
    private final WorkerThread flushThread;
    private final WorkerThread readThread;
    private final WorkerThread backgroundThread;
    private final GrpcTransport transport;
    private final CallGate clientGate = new CallGate(this::fail);
    private final CallGate peerGate = new CallGate(this::fail);
    private final LogGrpcService log;
    private final HealthReporter health;
    private final AtomicBoolean failed = new AtomicBoolean();
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** Of a server that serves them; nothing is counted otherwise. */
    private final Optional<NodeMetrics> metrics;

    private volatile Optional<MetricsServer> metricsServer = Optional.empty();
    private volatile Server clientServer;
    private volatile Server peerServer;
    private volatile NodeSettings settings;
    private volatile NodeRuntime runtime;
    private volatile NodeApi api;

    private QuorateServer(ServerOptions options) {
        this.options = options;
        this.metrics = options.metricsListen().map(address -> new NodeMetrics(ServerVersion.current()));
        this.settings = options.settings();
        NodeId self = settings.nodeId();
        String threads = "quorate-" + self + "-";
        this.loop = new NettyEventLoop(threads + "loop", this::fail);
        this.flushThread = new WorkerThread(threads + "flush", this::fail);
        this.readThread = new WorkerThread(threads + "read", this::fail);
        this.backgroundThread = new WorkerThread(threads + "background", this::fail);
        this.transport = new GrpcTransport(
                settings.clusterId(),
                self,
                settings.peerAddresses(),
                () -> runtime.incarnation(),
                loop,
                loop,
                prng.split());
        this.log = new LogGrpcService(() -> api, loop);
        this.health = new HealthReporter(loop);
    }

    /**
     * Starts to listen, recovers the node's data and joins the cluster. Returns when requests are taken, which may be
     * before there is a leader: see {@link #awaitReady}.
     *
     * @throws ServerStartException if an address cannot be listened on
     * @throws io.quorate.logstore.StorageException if the data directory is in use, of another node, or unreadable
     */
    public static QuorateServer start(ServerOptions options) {
        QuorateServer server = new QuorateServer(options);
        try {
            server.start();
            return server;
        } catch (RuntimeException | Error failure) {
            server.stop(Duration.ZERO);
            throw failure;
        }
    }

    /** Where clients are accepted: the actual port. */
    public int clientPort() {
        return clientServer.getPort();
    }

    /** Where peers are accepted: the actual port. */
    public int peerPort() {
        return peerServer.getPort();
    }

    /** Where metrics are served: the actual port; empty if they are not. */
    public OptionalInt metricsPort() {
        return metricsServer.map(server -> OptionalInt.of(server.port())).orElse(OptionalInt.empty());
    }

    /** Where clients reach this node (host:port), as told to peers and clients. */
    public String clientAddress() {
        return settings.clientAddress();
    }

    /**
     * Waits until clients may be sent here for the first time.
     *
     * @return whether that came to pass in time
     */
    public boolean awaitReady(Duration patience) throws InterruptedException {
        try {
            health.firstReady().get(patience.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException | CancellationException notReady) {
            return false;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("readiness never fails", impossible);
        }
    }

    /** Waits until {@link #stop} has been carried out, whoever asked for it. */
    public void awaitStopped() throws InterruptedException {
        stopped.await();
    }

    /**
     * Reports NOT_SERVING, refuses new calls, lets those under way end within the grace, and closes everything. Any
     * further call waits for the first.
     */
    public void stop(Duration grace) {
        boolean interrupted = false;
        if (stopping.compareAndSet(false, true)) {
            interrupted = new Shutdown(grace).run();
            stopped.countDown();
        } else {
            try {
                stopped.await();
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop(DEFAULT_GRACE);
    }

    private void start() {
        clientServer = Listeners.openForClients(options, loop, clientGate, health, log, () -> api);
        peerServer = Listeners.openForPeers(options, loop, peerGate, transport);
        settings = withActualPorts(settings, clientServer.getPort(), peerServer.getPort());
        peerGate.open();
        onLoop(this::startRuntime);
        metricsServer = options.metricsListen()
                .map(address -> MetricsServer.start(
                        address, "quorate-" + settings.nodeId() + "-metrics", metrics.orElseThrow(), loop, () -> api));
        clientGate.open();
        loop.execute(() -> health.watch(api));
        backgroundThread.execute(this::prepare);
        LOG.info(
                "node {} takes clients on port {} (as {}), peers on port {}",
                settings.nodeId().value(),
                clientPort(),
                clientAddress(),
                peerPort());
    }

    /** What the first change of leader needs: see {@link Rehearsal}. */
    private void prepare() {
        ErrorMapping.prepare();
        LogGrpcService.prepare();
        try {
            Rehearsal.play(
                    new ReadOnlyNioDisk(), options.dataDirectory().resolve("rehearsal"), PeerCodec::thereAndBack);
        } catch (RuntimeException failed) {
            // Nothing depends on it, so nothing that it meets may keep a node from serving.
            LOG.warn("the first change of leader will take longer than the next ones", failed);
        }
    }

    /** On the loop, so that nothing of the node runs beside its recovery. */
    private void startRuntime() {
        runtime = new NodeRuntime(
                settings,
                new NodeRuntime.Seams(
                        loop,
                        new NioDisk(),
                        options.dataDirectory(),
                        flushThread,
                        readThread,
                        backgroundThread,
                        transport,
                        prng.split(),
                        metrics.map(ReplicaObserver.class::cast).orElse(ReplicaObserver.NONE),
                        this::fail));
        runtime.start();
        api = runtime.api();
    }

    private void onLoop(Runnable task) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                task.run();
                result.complete(null);
            } catch (Throwable failure) {
                result.completeExceptionally(failure);
            }
        });
        try {
            result.join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof RuntimeException exception) {
                throw exception;
            }
            throw (Error) failure.getCause();
        }
    }

    /** A bug, or a disk that the node cannot do without: stop everything, then tell whoever started the server. */
    private void fail(Throwable failure) {
        if (stopping.get() || !failed.compareAndSet(false, true)) {
            LOG.error("a further failure", failure);
            return;
        }
        LOG.error("fatal: the server stops", failure);
        ServerThreads.run("quorate-" + settings.nodeId() + "-fatal", () -> {
            stop(Duration.ZERO);
            options.onFatal().accept(failure);
        });
    }

    private static NodeSettings withActualPorts(NodeSettings settings, int clientPort, int peerPort) {
        SortedMap<NodeId, String> peers = new TreeMap<>(settings.peerAddresses());
        peers.computeIfPresent(settings.nodeId(), (self, address) -> withActualPort(address, peerPort));
        return new NodeSettings(
                settings.clusterId(),
                settings.nodeId(),
                peers,
                withActualPort(settings.clientAddress(), clientPort),
                settings.tickMillis(),
                settings.raft(),
                settings.logStore(),
                settings.disk(),
                settings.housekeepingMillis(),
                settings.maxBatchBytes(),
                settings.maxInflightBytes(),
                settings.maxTailBytes(),
                settings.maxEventBytes(),
                settings.scrub(),
                settings.joins());
    }

    private static String withActualPort(String address, int port) {
        return address.endsWith(ANY_PORT)
                ? address.substring(0, address.length() - ANY_PORT.length() + 1) + port
                : address;
    }

    /** Takes the server down, from the outside in. Also takes down one that has only half started. */
    private final class Shutdown {
        private final Duration grace;
        private boolean interrupted;

        private Shutdown(Duration grace) {
            this.grace = grace;
        }

        /** @return whether the thread was interrupted, which cuts the waiting short but not the stop */
        private boolean run() {
            // First of all, for those who write wait from here on.
            leave();
            metricsServer.ifPresent(MetricsServer::close);
            clientGate.close();
            loop.execute(() -> {
                health.close();
                log.shutDown();
            });
            stopClients();
            stopRuntime();
            loop.execute(transport::close);
            if (peerServer != null) {
                peerServer.shutdownNow();
                await(STEP_PATIENCE, peerServer::awaitTermination);
            }
            for (WorkerThread worker : new WorkerThread[] {flushThread, readThread, backgroundThread}) {
                await(STEP_PATIENCE, (time, unit) -> worker.close(STEP_PATIENCE));
            }
            loop.close(STEP_PATIENCE);
            return interrupted;
        }

        /** While clients are still served, so that those who write notice a change of leader at most. */
        private void leave() {
            if (api != null && !grace.isZero()) {
                CountDownLatch left = new CountDownLatch(1);
                loop.execute(() -> runtime.leave(left::countDown));
                await(grace.compareTo(STEP_PATIENCE) < 0 ? grace : STEP_PATIENCE, left::await);
            }
        }

        private void stopClients() {
            if (clientServer != null) {
                clientServer.shutdown();
                await(grace, clientServer::awaitTermination);
                clientServer.shutdownNow();
                await(STEP_PATIENCE, clientServer::awaitTermination);
            }
        }

        private void stopRuntime() {
            if (api != null) {
                CountDownLatch ended = new CountDownLatch(1);
                loop.execute(() -> runtime.stop(ended::countDown));
                await(STEP_PATIENCE, ended::await);
            }
        }

        private void await(Duration patience, TimedWait wait) {
            if (interrupted) {
                return;
            }
            try {
                wait.await(patience.toNanos(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
    }

    private interface TimedWait {
        Object await(long time, TimeUnit unit) throws InterruptedException;
    }
}
