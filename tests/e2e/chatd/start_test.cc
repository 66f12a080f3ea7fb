// SPDX-License-Identifier: ISC
// How chatd starts and stops, and its console.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/pty.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

pid_t parent_of(pid_t pid) {
    for (const ProcessStatus& process : all_processes())
        if (process.pid == pid) return process.parent;
    return 0;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("chatd -n checks the configuration and says what is wrong with it") {
        const Result good = run_client({"chatd", "-n", "-o", "room plans code x"});
        CHECK(good.status == 0);
        CHECK(good.out == "chatd: configuration is good\n");
        const Result bad = run_client({"chatd", "-n", "-o", "room a code x", "-o", "room b code x"});
        CHECK(bad.status == 1);
        CHECK(bad.err.find("would be entered with the same word") != std::string::npos);
        CHECK(run_client({"chatd", "-Z"}).status == 64);
        CHECK(run_client({"chatd", "more"}).status == 64);
        CHECK(run_client({"chatd", "-V"}).out.starts_with("chatd "));
    }

    TEST_CASE("a room or a user with a name that nobody may have is named at the start and by -n") {
        const TempDir folder;
        const Words start{find_program("chatd"), "-d", "-o",
                          "listen 127.0.0.1:0",  "-o", text("state ", (folder / "state").native())};
        const Words check{"chatd", "-n", "-o", text("state ", (folder / "state").native())};
        const auto refuses = [&](const std::string& line, std::string_view because) {
            for (Words command : {start, check}) {
                command.insert(command.end(), {"-o", line});
                const Result result = run_client(command);
                INFO(result.err);
                CHECK(result.status == 1);
                CHECK(result.err.find(because) != std::string::npos);
            }
        };
        refuses("room lоbby", "'lоbby' cannot name a room: write 1 to 64 bytes of letters, digits, marks and "
                              "emoji of one script, and - _ . ', but of these only _ first\n");
        refuses("room a\u00a0b", "cannot name a room");
        const std::string users = (folder / "users").native();
        const auto refuses_user = [&](std::string_view name, std::string_view why) {
            write_file(users, text("joe:*:-:-\n", name, ":*:-:-\n"));
            refuses("users " + users, text(users, ": nobody can be here as '", name, "': ", why,
                                           ": rename this user, or remove the line\n"));
        };
        refuses_user("~ann",
                     "it may hold letters, digits, marks and emoji, in Unicode's form NFC, and - _ . ', "
                     "and begin with none of these signs but _");
        refuses_user("аnn", "its letters are of more than one script");
        refuses_user("r00t", "it is reserved, or looks like a reserved one");
        refuses_user(std::string(33, 'a'), "it has more than 32 columns or 128 bytes");
    }

    TEST_CASE("a bad configuration starts nothing") {
        const Result result = run_client({find_program("chatd"), "-d", "-o", "rooom lobby"});
        CHECK(result.status == 1);
        CHECK(result.err == "chatd: -o: there is no directive 'rooom': did you mean 'room'?\n");
    }

    TEST_CASE("a second chatd on the same state says that there is one") {
        const Daemon daemon{chatd_with({})};
        const Result second = run_client({find_program("chatd"), "-d", "-o", "listen 127.0.0.1:0", "-o",
                                          "state " + daemon.state().native()});
        CHECK(second.status == 1);
        CHECK(second.err.find(daemon.state().native()) != std::string::npos);
        ChatClient ada{daemon, "ada"};
    }

    TEST_CASE("a chatd that detached holds nothing of whoever started it and stops when it is told") {
        const TempDir folder;
        const Path state = folder.make_shared("home") / "state";
        auto [reading, writing] = make_pipe();
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const std::string socket = folder / "chat.sock";
        Child starter{{find_program("chatd"), "-o", "listen unix:" + socket, "-o", "state " + state.native()},
                      {.descriptors = {nothing.get(), writing.get(), writing.get()},
                       .environment = {},
                       .terminal = {}}};
        CHECK(starter.wait() == 0); // it listens now
        Connection client{common::Address::of_path(socket)};
        client.send("ada\n\n");
        CHECK(client.read_line() == "Your name: Room code: " + welcome_to("lobby"));
        client.read_line(); // with the token
        writing.reset();
        Connection{std::move(reading)}.read_to_end(); // nobody has its output any more, whoever serves us
        const std::string who = run_client({"chatctl", "-s", state / "control", "who"}).out;
        const pid_t handler = std::stoi(split_lines(who).at(1));
        if (!have_proc()) return tests::skip("only /proc shows it");
        const pid_t hub = parent_of(parent_of(handler));
        REQUIRE(hub > 1);
        ::kill(hub, SIGTERM);
        CHECK(client.read_line() == "The server is stopping: come back later.");
        client.wait_for_end();
        wait_until("it is gone", [&] { return !is_alive(hub) && !is_alive(handler); });
        CHECK_FALSE(std::filesystem::exists(socket));
    }

    TEST_CASE("chatd serves TCP and unix sockets and those that a service manager passed") {
        const TempDir folder;
        const std::string own = folder / "own.sock", passed = folder / "passed.sock";
        {
            const Daemon daemon{
                {.lines = {"listen 127.0.0.1:0", "listen unix:" + own}, .program = "chatd", .listeners = 2}};
            Connection ada{common::Address::of_path(own)};
            ada.send("ada\n\n");
            CHECK(ada.read_line() == "Your name: Room code: " + welcome_to("lobby"));
            ada.read_line(); // with the token
            ChatClient bob{daemon, "bob"};
            CHECK(ada.read_line() == "bob joined");
            bob.say("hello");
            CHECK(ada.read_line() == "bob say: hello");
        }
        CHECK_FALSE(std::filesystem::exists(own));
        const common::Fd listener = common::listen_on(common::Address::of_path(passed));
        const common::Fd tcp = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const common::Fd odd{::open("/", O_RDONLY | O_CLOEXEC)}; // left open by mistake
        auto [reading, writing] = make_pipe();
        Child daemon{{"sh", "-c", "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"", "sh",
                      find_program("chatd"), "-d", "-o", "state " + std::string{folder / "state"}},
                     {.descriptors = {nothing.get(), nothing.get(), writing.get(), listener.get(), tcp.get(),
                                      odd.get()},
                      .environment = {"LISTEN_FDS=2"},
                      .terminal = {}}};
        writing.reset();
        const Collector log{std::move(reading), "chatd"};
        log.wait_for("listening on unix:" + passed);
        log.wait_for("listening on 127.0.0.1:");
        Connection ada{common::Address::of_path(passed)};
        ada.send("ada\n\n");
        CHECK(ada.read_line() == "Your name: Room code: " + welcome_to("lobby"));
        const auto ours = descriptors_of(::getpid());
        for (const ProcessStatus& child : children_of(daemon.pid()))
            for (const auto& [fd, target] : command_line_of(child.pid).starts_with("chatd-spawner")
                                                ? descriptors_of(child.pid)
                                                : std::map<int, std::string>{})
                for (const common::Fd* const passed_on : {&listener, &tcp, &odd})
                    CHECK(target != ours.at(passed_on->get()));
        daemon.signal(SIGTERM);
        CHECK(daemon.wait() == 0);
        CHECK(std::filesystem::exists(passed)); // the manager's
    }

    TEST_CASE("clients are told when chatd stops and nothing is left of it") {
        for (const int signal : {SIGTERM, SIGINT}) {
            Daemon daemon{chatd_with({})};
            ChatClient ada{daemon, "ada"}, naming{daemon};
            naming.read_exactly(11);
            const std::vector pids{handler_of(daemon, ada), handler_of(daemon, naming)};
            daemon.signal(signal);
            const std::string words = "The server is stopping: come back later.";
            ada.expect_line(words);
            naming.expect_line(words);
            CHECK(ada.read_to_end().empty());
            CHECK(daemon.wait() == 0);
            if (have_proc())
                for (const pid_t pid : pids) wait_until("it is gone", [&] { return !is_alive(pid); });
            CHECK_FALSE(std::filesystem::exists(daemon.state() / "control"));
        }
    }

    TEST_CASE("nice holds for the hub and the spawner and the handlers") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with({"nice 5"})};
        const ChatClient client{daemon, "ada"};
        const auto priority = [](pid_t pid) { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(pid)); };
        const int ours = priority(0);
        for (const pid_t pid :
             {daemon.pid(), daemon.main_pid(), spawner_of(daemon), handler_of(daemon, client)})
            CHECK(priority(pid) == std::min(ours + 5, 19));
    }

    TEST_CASE("a chatd that cannot execute its spawner does not start and says so") {
        const TempDir folder;
        const std::string plain = folder / "plain";
        write_file(plain, "no program");
        const auto start_as = [&](const std::string& name) {
            return run_client({"bash", "-c", text("exec -a ", name, " \"$0\" \"$@\""), find_program("chatd"),
                               "-d", "-o", "listen 127.0.0.1:0", "-o",
                               "state " + (folder / "state").native()});
        };
        const Result cannot = start_as(plain);
        CHECK(cannot.status == 1);
        CHECK(cannot.err.find(text("execute ", plain, ": Permission denied")) != std::string::npos);
        CHECK(cannot.err.find("the spawner has ended at its start: exit 1") != std::string::npos);
        CHECK(cannot.err.find("listening on") == std::string::npos);
        // Under a name that PATH does not have, POSIX tells of no program to execute. (Where the system
        // tells, upgrade_start_test.cc has it.)
        if (!is_posix_build()) return;
        const Result unknown = start_as("no-such-program");
        CHECK(unknown.status == 1);
        CHECK(unknown.err.find("no-such-program is not found in PATH: start it by its path") !=
              std::string::npos);
        CHECK(unknown.err.find("listening on") == std::string::npos);
    }

    TEST_CASE("chatd serves where the system has no shared memory that it may write to") {
        const Words wrapper{"unshare", "-m", "sh", "-c",
                            "mount -t tmpfs -o ro,size=4k none /dev/shm && exec \"$0\" \"$@\""};
        Words trial = wrapper;
        trial.emplace_back("true");
        if (run_client(trial).status != 0) return tests::skip("only root can take /dev/shm away");
        Daemon::Setting setting = chatd_with({});
        setting.wrapper = wrapper;
        const Daemon daemon{setting};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.wait_for_line("bob joined");
        bob.say("hello"); // which wakes ada's handler by its page
        ada.wait_for_line("bob say: hello");
        for (const auto& entry : std::filesystem::directory_iterator{daemon.state()})
            CHECK_FALSE(entry.path().filename().native().starts_with("pages"));
        if (have_proc())
            CHECK(read_file("/proc/" + std::to_string(daemon.main_pid()) + "/maps").find("/pages-") !=
                  std::string::npos);
    }

    TEST_CASE("a line on the console that is too long is not announced and ends nothing") {
        const TempDir folder;
        Pty console{{find_program("chatd"), "-d", "-o", "listen 127.0.0.1:0", "-o",
                     "state " + (folder / "state").native()}};
        console.wait_for("listening on 127.0.0.1:");
        console.type(std::string(2001, 'x') + '\r');
        console.wait_for("not announced: the message is too long: 2000 bytes at most");
        console.type("\x03");
        CHECK(console.wait() == 0);
    }
}
