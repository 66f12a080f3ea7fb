// SPDX-License-Identifier: ISC
// ftpd -i: one client on standard input and output, from an inetd, over pipes as ssh makes them, or from a
// file.
#include "tests/e2e/clients.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <list>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using common::Fd;
using common::text;
using e2e::Child;
using e2e::cksum_of;
using e2e::Connection;
using e2e::FtpClient;
using e2e::names_in;
using e2e::Path;
using e2e::Process;
using e2e::read_file;
using e2e::Result;
using e2e::run_client;
using e2e::run_in;
using e2e::TempDir;
using e2e::url_of;
using e2e::Words;
using e2e::write_file;
using e2e::write_shared;

namespace {

constexpr std::string_view greeting =
    "220 This is ftpd. Log in as anonymous, or just type LS, GET PATH, WRITE PATH, or ? for more.\r\n";

// A folder to serve, and how to serve it.
struct Served {
    TempDir folder;
    Path files = folder.make_shared("files");
    Words command{"ftpd", "-i", "-d", "-o", text("root ", files.native()), "-o", "anonymous write"};
};

// A tiny inetd: for each client that connects, a process with the connection as its standard input, output
// and, so that a test sees the log, not its error.
class Inetd {
public:
    explicit Inetd(Words command) : command_(std::move(command)) {
        std::tie(stop_reading_, stop_writing_) = e2e::make_pipe();
        thread_ = std::jthread{[this] { serve(); }};
    }
    ~Inetd() { stop_writing_.reset(); }

    const common::Address& address() const { return address_; }
    void signal_all(int number) {
        const std::lock_guard lock{mutex_};
        for (Child& child : children_) child.signal(number);
    }
    // Waits for all that were served; how each ended.
    std::vector<int> wait() {
        stop_writing_.reset();
        thread_.join();
        std::vector<int> statuses;
        for (Child& child : children_) statuses.push_back(child.wait());
        return statuses;
    }

private:
    void serve() {
        for (;;) {
            std::array<pollfd, 2> watched{pollfd{listener_.get(), POLLIN, 0},
                                          pollfd{stop_reading_.get(), POLLIN, 0}};
            if (::poll(watched.data(), watched.size(), -1) == -1 || watched[1].revents != 0) return;
            const auto accepted = common::accept_from(listener_);
            if (!accepted) continue;
            const int socket = accepted->socket.get();
            ::fcntl(socket, F_SETFL, 0); // blocking, as inetds leave it
            const std::lock_guard lock{mutex_};
            children_.emplace_back(command_, Child::Setting{.descriptors = {socket, socket, STDERR_FILENO},
                                                            .environment = {},
                                                            .terminal = {}});
        }
    }

    Words command_;
    Fd listener_{common::listen_on(common::resolve_address("127.0.0.1:0").at(0))};
    common::Address address_ = common::local_address(listener_.get());
    Fd stop_reading_, stop_writing_;
    std::mutex mutex_;
    std::list<Child> children_;
    std::jthread thread_;
};

// What it prints for this standard input, which is a file.
Result run_on_file(const Served& served, std::string_view input) { return run_client(served.command, input); }

// Ends of sockets and files that a test hands to ftpd as its standard input.
int run_with_input(const Served& served, const Fd& input, std::string& said) {
    auto [reading, writing] = e2e::make_pipe();
    const e2e::Collector words{std::move(reading)};
    Child child{
        served.command,
        {.descriptors = {input.get(), STDOUT_FILENO, writing.get()}, .environment = {}, .terminal = {}}};
    writing.reset();
    const int status = child.wait();
    words.wait_for("\n");
    said = words.text();
    return status;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("under an inetd curl and lftp and a byte-level client are served as by the daemon") {
        Served served;
        const std::string bytes = e2e::make_bytes(1'000'000);
        write_file(served.files / "file", bytes);
        write_file(served.folder / "local", bytes);
        e2e::plant_odd_tree(served.folder / "tree", 60);
        Inetd inetd{served.command};
        const auto run = [&](const Words& command) { return run_in(served.folder.path(), command); };
        const auto curl = [&](const std::string& path, const Words& options) {
            Words command{"curl", "-sS", "--disable", url_of(inetd.address(), path)};
            command.insert(command.end(), options.begin(), options.end());
            return run(command);
        };
        CHECK((curl("file", {}) == bytes));
        CHECK((curl("file", {"--ftp-port", "-"}) == bytes));
        CHECK(curl("", {"-l"}) == "file\n");
        curl("a new one", {"-T", "local"});
        CHECK((read_file(served.files / "a new one") == bytes));
        CHECK(run({"lftp", "-c",
                   text("open ", inetd.address().shown(),
                        "; cls -1; mkdir folder; cd folder; put "
                        "local -o in; get in -o got; mirror -R tree ../mirrored")}) == "a new one\nfile\n");
        CHECK((read_file(served.folder / "got") == bytes));
        e2e::check_same_tree(served.folder / "tree", served.files / "mirrored");
        FtpClient client{inetd.address()};
        client.login();
        CHECK((client.fetch("RETR file") == bytes));
        CHECK((client.get("file") == bytes));
        client.put("new", "content");
        client.command("QUIT", 221);
        CHECK(client.read_to_end().empty());
        for (const int status : inetd.wait()) CHECK(status == 0);
    }

    TEST_CASE("a client of an inetd that dies leaves no process and an upload to be continued") {
        Served served;
        Inetd inetd{served.command};
        FtpClient reset{inetd.address()}, ended{inetd.address()}, amid{inetd.address()};
        reset.reset();
        ended.close();
        amid.login();
        Connection data = amid.open_data();
        amid.command("STOR new", 150);
        data.send("begun");
        amid.reset();
        CHECK(inetd.wait() == std::vector<int>{0, 0, 0});
        CHECK(names_in(served.files) == Words{".ftpd-new"});
    }

    TEST_CASE("a client that is gone before ftpd -i looks is no error") {
        Served served;
        const Fd listener = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
        Connection{common::local_address(listener.get())}.reset();
        auto accepted = common::accept_from(listener);
        REQUIRE(accepted);
        std::string said;
        CHECK(run_with_input(served, accepted->socket, said) == 0);
        CHECK(said.find("the client is gone already") != std::string::npos);
    }

    TEST_CASE("over pipes LS and GET and PUT work and data connections are refused") {
        Served served;
        const std::string bytes = e2e::make_bytes(3'000'000);
        write_file(served.files / "large", bytes);
        Process ssh{served.command};
        ssh.out().wait_for("220 ");
        ssh.write("USER anonymous\r\nPASS x\r\nEPSV\r\nPASV\r\n");
        ssh.out().wait_for("425 ", ssh.out().wait_for("425 "));
        const std::size_t before = ssh.out().wait_for("\n", ssh.out().text().rfind("425 "));
        ssh.write("GET large\r\n");
        const std::size_t body = ssh.out().wait_for("bytes follow\r\n", before);
        ssh.out().wait_for(text("\r\n"), body + bytes.size());
        CHECK((ssh.out().text().substr(body) == text(bytes, "226 ", cksum_of(bytes), " large\r\n")));
        ssh.write(text("ALLO ", bytes.size(), "\r\nPUT copy\r\n", bytes, "REST 1\r\nGET small\r\nQUIT\r\n"));
        ssh.out().wait_for("221 Goodbye.\r\n");
        CHECK(ssh.wait() == 0);
        CHECK((read_file(served.files / "copy") == bytes));
    }

    TEST_CASE("a file as standard input is a dialogue and PUT without a length takes its rest") {
        Served served;
        write_file(served.files / "file", "content");
        CHECK(run_on_file(served, "GET file\nREST 3\nGET file\nQUIT\nDELE file\n").out ==
              text(greeting, "150 7 bytes follow\r\ncontent226 ", cksum_of("content"),
                   " file\r\n350 The next transfer starts at byte 3.\r\n150 4 bytes follow\r\ntent226 ",
                   cksum_of("tent"), " file\r\n221 Goodbye.\r\n"));
        const std::string bytes = e2e::make_bytes(3'000'000);
        const Result stored = run_on_file(served, "PUT new\n" + bytes);
        CHECK(stored.status == 0);
        CHECK(stored.out.ends_with(text("226 ", cksum_of(bytes), " new\r\n")));
        CHECK((read_file(served.files / "new") == bytes));
        CHECK(run_on_file(served, "").out == greeting);
        CHECK(run_on_file(served, "NOOP").out == greeting); // half a line
        // A shell gets a file out of it.
        CHECK(
            (run_in(served.folder.path(),
                    {"sh", "-c", "printf 'GET new\\nQUIT\\n' | \"$@\" | tail -n +3 | head -c 3000000", "sh",
                     e2e::find_program("ftpd"), "-i", "-o", text("root ", served.files.native())}) == bytes));
    }

    TEST_CASE("TERM to ftpd -i tells its client and ends in order") {
        Served served;
        Process over_pipes{served.command};
        over_pipes.out().wait_for("220 ");
        over_pipes.signal(SIGTERM);
        CHECK(over_pipes.wait() == 0);
        CHECK(over_pipes.out().text().find("\r\n421 ") != std::string::npos);

        Inetd inetd{served.command};
        FtpClient client{inetd.address()};
        inetd.signal_all(SIGTERM);
        client.expect(421);
        CHECK(client.read_to_end().empty());
        CHECK(inetd.wait() == std::vector<int>{0});
    }

    TEST_CASE("USR1 and USR2 to ftpd -i end nothing") {
        Served served;
        Inetd inetd{served.command};
        Connection client{inetd.address()};
        client.expect(220);
        for (const int number : {SIGUSR1, SIGUSR2}) inetd.signal_all(number);
        client.command("NOOP", 200);
        client.command("QUIT", 221);
        CHECK(inetd.wait() == std::vector{0});
    }

    TEST_CASE("ftpd -i ends when nobody reads its output any more or both pipes are gone") {
        Served served;
        write_file(served.files / "large", std::string(5'000'000, 'x'));
        for (const bool amid : {false, true}) {
            CAPTURE(amid);
            auto [their_input, our_output] = e2e::make_pipe();
            auto [our_input, their_output] = e2e::make_pipe();
            Child child{served.command,
                        {.descriptors = {their_input.get(), their_output.get(), STDERR_FILENO},
                         .environment = {},
                         .terminal = {}}};
            their_input.reset();
            their_output.reset();
            Connection output{std::move(our_input)};
            output.expect(220);
            if (amid) {
                common::write_some(our_output.get(), "GET large\r\n");
                output.expect(150);
            }
            output.close();
            if (!amid) common::write_some(our_output.get(), "NOOP\r\n");
            CHECK(child.wait() == 0); // though its input is open
        }
    }

    TEST_CASE("what is no client's connection is refused in plain words") {
        Served served;
        std::string said;
        const Fd listener = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
        const Fd datagrams{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        for (const Fd* const socket : {&listener, &datagrams}) {
            CHECK(run_with_input(served, *socket, said) == 1);
            CHECK(said == "ftpd: standard input must be one client's connection: tell inetd `stream' and "
                          "`nowait'\n");
        }
        const Fd nothing{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        CHECK(run_with_input(served, nothing, said) == 0); // a client that ended at once
    }
}
