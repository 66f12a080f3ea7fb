// SPDX-License-Identifier: ISC
// The parent dies and another goes on with its sessions: nobody is disconnected, nothing is counted wrongly,
// and each transfer stands in the transfer log once.
#include "tests/e2e/observe.hh"
#include "tests/e2e/roles.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <optional>
#include <random>
#include <sys/stat.h>
#include <thread>

using namespace e2e;
using common::text;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t file_size = 24 << 20; // more than a connection's buffers hold

// A tree with a file, a user zoe with a home in it, and the log of transfers.
struct Place {
    TempDir folder;
    Path root = folder.make_shared("root"), xferlog = folder.make_shared("logs") / "xferlog";
    std::string bytes = make_bytes(file_size);

    Place() {
        std::filesystem::create_directory(root / "zoe");
        std::filesystem::permissions(root / "zoe", std::filesystem::perms::all);
        write_shared(root / "file", bytes);
        write_shared(root / "small", "content");
        write_shared(root / "zoe" / "hers", "hers");
        const std::string all = "list,read,write,overwrite,delete,rename,mkdir";
        write_file(folder / "users", text("zoe:", hash_of("sesame"), ":/zoe:", all, "\nbob:", hash_of("open"),
                                          ":/:", all, '\n'));
        REQUIRE(::chmod((folder / "users").c_str(), 0644) == 0);
    }
    Words lines(Words more = {}) const {
        Words all{"root " + root.native(), text("users ", (folder / "users").native()), "anonymous read",
                  "xferlog " + xferlog.native()};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    // How often a path stands in the transfer log, with all of its direction ("o" to the client).
    std::size_t logged(std::string_view path, std::string_view direction) const {
        const std::vector<std::string> all = common::split_lines(read_file(xferlog));
        return static_cast<std::size_t>(std::ranges::count_if(all, [&](const std::string& line) {
            return line.find(text(' ', path, " b _ ", direction, ' ')) != line.npos && line.ends_with(" c");
        }));
    }
};

// The parent, once it serves: one that dies before that ends the daemon's start.
pid_t serving_parent(const Daemon& daemon) {
    ask(daemon, {"stats"});
    return daemon.main_pid();
}

// Ends the parent's process, and waits for the next.
void replace_parent(const Daemon& daemon, const std::vector<int>& signals = {SIGKILL}) {
    const pid_t parent = serving_parent(daemon);
    const std::size_t said = daemon.log().size();
    for (const int signal : signals) ::kill(parent, signal);
    daemon.wait_for_log("\n", daemon.wait_for_log("]: listening on ", said));
    CHECK(daemon.main_pid() != parent);
}

FtpClient log_in(const Daemon& daemon, const std::string& name, const std::string& password) {
    FtpClient client{daemon};
    client.command("USER " + name, 331);
    client.command("PASS " + password, 230);
    client.command("TYPE I", 200);
    return client;
}

bool lists(const Daemon& daemon, pid_t session) {
    return ask(daemon, {"who"}).find(text('\n', session, ' ')) != std::string::npos;
}

// Fetches `small' and stores a file of its own, again and again.
class Worker {
public:
    Worker(const Daemon& daemon, const std::string& name)
        : thread_([this, &daemon, name] {
              try {
                  FtpClient client = log_in(daemon, "bob", "open");
                  while (!is_over_) {
                      if (client.get("small") != "content") throw Failure{"other bytes came"};
                      ++fetched_;
                      client.put(name, "bytes");
                      ++stored_;
                  }
                  client.command("QUIT", 221);
              } catch (const std::exception& failure) {
                  failure_ = failure.what();
              }
          }) {}
    ~Worker() { finish(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // What went wrong.
    const std::string& finish() {
        is_over_ = true;
        if (thread_.joinable()) thread_.join();
        return failure_;
    }
    // Once it has finished.
    std::size_t fetched() const { return fetched_; }
    std::size_t stored() const { return stored_; }

private:
    std::atomic<bool> is_over_ = false;
    std::size_t fetched_ = 0, stored_ = 0;
    std::string failure_;
    std::thread thread_;
};

// While this lives, a parent that dies is not followed by another.
class NoParent {
public:
    explicit NoParent(Daemon& daemon) : daemon_(daemon), said_(daemon.log().size()) {
        const pid_t parent = serving_parent(daemon);
        daemon.signal(SIGSTOP);
        ::kill(parent, SIGKILL);
        wait_until("the parent is dead", [&] { return !is_alive(parent); });
    }
    void end() {
        daemon_.signal(SIGCONT);
        daemon_.wait_for_log("\n", daemon_.wait_for_log("]: listening on ", said_));
    }

private:
    Daemon& daemon_;
    std::size_t said_;
};

// What is told of the end of a session of the parent before: the keeper sees it on Linux only.
std::string end_of_old(const std::string& how) { return is_posix_build() ? "unseen" : how; }

void check_nothing_is_left(Daemon& daemon) {
    std::vector<pid_t> all;
    for (const ProcessStatus& process : below(daemon.pid())) all.push_back(process.pid);
    daemon.stop();
    wait_until_gone(all);
}

// Every kind of transfer, half done, and sessions in which nothing happens.
void go_on_over_a_death(Daemon& daemon, const Place& place, const std::vector<int>& signals) {
    const std::string half = place.bytes.substr(0, file_size / 2), rest = place.bytes.substr(file_size / 2);
    FtpClient idle{daemon}, zoe = log_in(daemon, "zoe", "sesame"), fetching = connect_logged_in(daemon),
                            storing = log_in(daemon, "bob", "open"), active = connect_logged_in(daemon),
                            getting{daemon}, putting = log_in(daemon, "bob", "open"), waiting{daemon};
    Connection fetched = begin_transfer(fetching, "RETR file");
    fetched.read_exactly(1000);
    Connection stored = begin_transfer(storing, "STOR stored");
    stored.send(half);
    DataListener listener{"127.0.0.1"};
    active.command("PORT " + listener.port_argument(), 200);
    active.send("RETR file\r\n");
    Connection pushed = listener.accept();
    active.expect(150);
    getting.send("GET file\r\n");
    getting.expect(150);
    putting.command(text("ALLO ", file_size), 200);
    putting.command("PUT put", 150);
    putting.send(half);
    waiting.command("USER zoe", 331);
    const std::vector<const FtpClient*> clients{&idle,   &zoe,     &fetching, &storing,
                                                &active, &getting, &putting,  &waiting};
    std::vector<pid_t> sessions;
    for (const FtpClient* const client : clients) sessions.push_back(session_of(daemon, *client));
    const std::uint64_t accepted = stat_of(daemon, "accepted");

    replace_parent(daemon, signals);

    for (const pid_t session : sessions) CHECK(lists(daemon, session));
    CHECK(stat_of(daemon, "clients") == clients.size());
    CHECK(stat_of(daemon, "accepted") == accepted);
    CHECK(ask(daemon, {"top"}).find("/stored") != std::string::npos);
    CHECK(text(place.bytes.substr(0, 1000), fetched.read_to_end()) == place.bytes);
    fetching.expect(226);
    stored.send(rest);
    stored.close();
    storing.expect(226);
    CHECK(read_file(place.root / "stored") == place.bytes);
    CHECK(pushed.read_to_end() == place.bytes);
    active.expect(226);
    CHECK(getting.read_exactly(file_size) == place.bytes);
    getting.expect(226);
    putting.send(rest);
    CHECK(putting.expect(226).find(cksum_of(place.bytes)) != std::string::npos);
    idle.command("NOOP", 200);
    CHECK(idle.get("small") == "content");
    CHECK(zoe.fetch("RETR hers") == "hers"); // in a folder of its own
    zoe.command("RETR small", 550);
    waiting.command("PASS sesame", 230); // its pair with authd is the same
    log_in(daemon, "zoe", "sesame").command("QUIT", 221);
    storing.command("NOOP", 200); // which settles the upload

    for (const char* const path : {"/stored", "/put"})
        wait_until("it is logged", [&] { return place.logged(path, "i") == 1; });
    wait_until("all are logged", [&] { return place.logged("/file", "o") == 3; });
    CHECK(stat_of(daemon, "transfers") >= 7);
    for (const pid_t session : sessions) CHECK(is_alive(session));
    // As they end, the keeper tells how.
    idle.command("QUIT", 221);
    CHECK(wait_for_end_of(daemon, sessions[0]) == end_of_old("exit 0"));
    CHECK_FALSE(lists(daemon, sessions[0]));
    CHECK(stat_of(daemon, "clients") == clients.size() - 1);
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a parent that is killed costs no session and no transfer anything") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Place place;
        Daemon daemon{{.lines = place.lines()}};
        go_on_over_a_death(daemon, place, {SIGKILL});
        replace_parent(daemon);
        FtpClient{daemon}.command("QUIT", 221);
        check_nothing_is_left(daemon);
    }

    TEST_CASE(
        "a parent that an ordinary user has started and that is stopped and killed costs nobody anything") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Place place;
        std::filesystem::permissions(place.folder.path(), std::filesystem::perms::all);
        const Daemon::Setting setting = as_ordinary_user(place.folder, place.lines());
        Daemon daemon{setting};
        go_on_over_a_death(daemon, place, {SIGSTOP, SIGKILL});
        check_nothing_is_left(daemon);
    }

    TEST_CASE("limits and kick know the sessions of the parent before") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Place place;
        Daemon daemon{{.lines = place.lines({"max-per-address 3"})}};
        std::optional<FtpClient> one{daemon};
        FtpClient zoe = log_in(daemon, "zoe", "sesame"), three{daemon};
        const pid_t first = session_of(daemon, *one), second = session_of(daemon, zoe),
                    third = session_of(daemon, three);
        const auto is_refused = [&] { return Connection{daemon.port()}.read_reply().code == 421; };
        CHECK(is_refused());
        const std::uint64_t refused = stat_of(daemon, "refused");
        for (int deaths = 0; deaths < 2; ++deaths) replace_parent(daemon);
        CHECK(stat_of(daemon, "refused") == refused);
        CHECK(is_refused());
        one->command("QUIT", 221);
        wait_for_end_of(daemon, first);
        one.emplace(daemon);
        CHECK(is_refused());
        CHECK(ask(daemon, {"kick", "zoe"}) == "sessions 1\n");
        zoe.expect(421);
        CHECK(wait_for_end_of(daemon, second) == end_of_old("exit 0"));
        CHECK(ask(daemon, {"kick", text(third)}) == "sessions 1\n");
        three.expect(421);
        CHECK(wait_for_end_of(daemon, third) == end_of_old("exit 0"));
        CHECK(ask(daemon, {"kick", "127.0.0.1"}) == "sessions 1\n"); // the one that is this parent's own
        one->expect(421);
        check_nothing_is_left(daemon);
    }

    TEST_CASE("a session that dies while there is no parent is told by the keeper and its place is free") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Place place;
        Daemon daemon{{.lines = place.lines({"max-per-address 2"}), .children_fail = true}};
        FtpClient victim = connect_logged_in(daemon), other = connect_logged_in(daemon);
        CHECK(victim.fetch("RETR small") == "content");
        const pid_t session = session_of(daemon, victim);
        NoParent none{daemon};
        CHECK(other.fetch("RETR small") == "content"); // what it says waits in its pair
        ::kill(session, SIGKILL);
        victim.wait_for_end();
        none.end();
        CHECK(wait_for_end_of(daemon, session) == end_of_old("signal 9 (Killed)"));
        CHECK_FALSE(lists(daemon, session));
        FtpClient next{daemon};
        next.command("NOOP", 200);
        CHECK(stat_of(daemon, "transfers") == 2);
        CHECK(place.logged("/small", "o") == 2);
        check_nothing_is_left(daemon);
    }

    TEST_CASE("a client that comes while there is no parent waits for the next") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Daemon daemon;
        NoParent none{daemon};
        Connection client{daemon.port()};
        none.end();
        client.expect(220);
    }

    TEST_CASE("a stop tells the sessions of the parent before and leaves nothing") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        for (const bool has_words : {false, true}) {
            const Place place;
            Daemon daemon{{.lines = place.lines()}};
            FtpClient old{daemon}, fetching = connect_logged_in(daemon);
            Connection fetched = begin_transfer(fetching, "RETR file");
            replace_parent(daemon);
            FtpClient young{daemon};
            std::vector<pid_t> all;
            for (const ProcessStatus& process : below(daemon.pid())) all.push_back(process.pid);
            if (has_words) {
                ask(daemon, {"shutdown", "back at nine"});
                CHECK(daemon.wait() == 0);
            } else {
                daemon.stop();
            }
            const std::string words = has_words ? "back at nine" : "come back later.";
            for (FtpClient* const client : {&old, &young})
                CHECK(client->expect(421).find("The server is stopping: " + words) != std::string::npos);
            wait_until_gone(all);
            CHECK(daemon.log().find("signal 9 (Killed)", daemon.log().find("stopping, clients")) ==
                  std::string::npos);
        }
    }

    TEST_CASE("with a stop grace the transfers of the parent before end first") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Place place;
        Daemon daemon{{.lines = place.lines({"stop-grace 60"})}};
        FtpClient idle{daemon}, fetching = connect_logged_in(daemon);
        Connection fetched = begin_transfer(fetching, "RETR file");
        replace_parent(daemon);
        daemon.signal(SIGTERM);
        idle.expect(421);
        CHECK(fetched.read_to_end() == place.bytes);
        fetching.expect(226);
        fetching.expect(421);
        CHECK(daemon.wait() == 0);
        CHECK(place.logged("/file", "o") == 1);
    }

    TEST_CASE("a keeper that dies with the parent ends all sessions with a word") {
        Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        if (have_proc()) replace_parent(daemon);
        daemon.kill();
        client.expect(421);
        client.wait_for_end();
    }

    TEST_CASE("each transfer stands in the log once however often the parent dies meanwhile") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        constexpr int workers = 3, deaths = 20;
        const Place place;
        Daemon daemon{{.lines = place.lines()}};
        std::array<Worker, workers> all{Worker{daemon, "new0"}, Worker{daemon, "new1"},
                                        Worker{daemon, "new2"}};
        std::minstd_rand dice{std::random_device{}()};
        auto born = std::chrono::steady_clock::now();
        for (int death = 0; death < deaths; ++death) {
            const std::uint64_t enough = stat_of(daemon, "transfers") + 1 + dice() % 40;
            // After five in a row that have lived less than a second the keeper starts none.
            const auto earliest = born + (death % 4 == 3 ? std::chrono::milliseconds{1200} : 0ms);
            wait_until("more transfers", [&] {
                return stat_of(daemon, "transfers") >= enough && std::chrono::steady_clock::now() >= earliest;
            });
            replace_parent(daemon);
            born = std::chrono::steady_clock::now();
        }
        for (Worker& worker : all) CHECK(worker.finish() == "");
        daemon.wait_until_idle();
        wait_until("all have ended", [&] { return stat_of(daemon, "clients") == 0; });
        std::size_t fetched = 0;
        for (std::size_t i = 0; i < workers; ++i) {
            CAPTURE(i);
            fetched += all[i].fetched();
            CHECK(place.logged(text("/new", i), "i") == all[i].stored());
        }
        CHECK(place.logged("/small", "o") == fetched);
        CHECK(stat_of(daemon, "accepted") == workers);
        check_nothing_is_left(daemon);
    }
}
