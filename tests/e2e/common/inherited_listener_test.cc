// SPDX-License-Identifier: ISC
// Listening sockets that a service manager made and passed (LISTEN_FDS) stay the manager's.
#include "tests/e2e/harness.hh"
#include "tests/e2e/tls_house.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>

using namespace e2e;

namespace {

// A daemon that is passed sockets, with its log.
struct Started {
    Started(const std::string& program, const Words& lines, const std::vector<int>& sockets,
            const std::string& names)
        : Started(program, lines, sockets, names, make_pipe()) {}

    const TempDir folder;
    const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    Collector log;
    Child daemon;

private:
    Started(const std::string& program, const Words& lines, const std::vector<int>& sockets,
            const std::string& names, std::pair<common::Fd, common::Fd> pipe)
        : log(std::move(pipe.first), program),
          daemon(command(program, lines), setting(sockets, names, pipe.second)) {}
    Words command(const std::string& program, const Words& lines) const {
        Words made{"sh", "-c", "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"", "sh", find_program(program),
                   "-d", "-o", "state " + std::string{folder / "state"}};
        for (const std::string& line : lines) made.insert(made.end(), {"-o", line});
        return made;
    }
    Child::Setting setting(const std::vector<int>& sockets, const std::string& names,
                           const common::Fd& writing) const {
        Child::Setting made{
            .descriptors = {nothing.get(), nothing.get(), writing.get()},
            .environment = {common::text("LISTEN_FDS=", sockets.size()), "LISTEN_FDNAMES=" + names},
            .terminal = {}};
        made.descriptors.insert(made.descriptors.end(), sockets.begin(), sockets.end());
        return made;
    }
};

common::Fd listen_here() { return common::listen_on(common::resolve_address("127.0.0.1:0").at(0)); }

// Whether who connects there can begin with TLS, and hears the first words.
bool greets_under_tls(const common::Address& address, const TestCertificate& own, std::string_view words) {
    Process client{{"openssl", "s_client", "-quiet", "-verify_quiet", "-verify_return_error", "-CAfile",
                    own.certificate, "-connect", address.shown()}};
    client.out().wait_for(words);
    client.signal(SIGKILL);
    client.wait();
    return true;
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("a socket file that was passed is there for the next start") {
        const TempDir folder;
        const std::string path = folder / "manager.sock";
        const common::Fd listener = common::listen_on(common::Address::of_path(path));
        const common::Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const std::string export_pid = "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"";
        for (int start = 0; start < 2; ++start) {
            auto [reading, writing] = make_pipe();
            Child daemon{{"sh", "-c", export_pid, "sh", find_program("ftpd"), "-d", "-o",
                          "state " + std::string{folder / "state"}, "-o", "root " + folder.path().string()},
                         {.descriptors = {nothing.get(), nothing.get(), writing.get(), listener.get()},
                          .environment = {"LISTEN_FDS=1"},
                          .terminal = {}}};
            writing.reset();
            const Collector log{std::move(reading), "ftpd"};
            log.wait_for("listening on unix:" + path);
            Connection client{common::Address::of_path(path)};
            client.expect(220);
            client.command("LS", 213);
            daemon.signal(SIGTERM);
            CHECK(daemon.wait() == 0);
        }
        CHECK(std::filesystem::exists(path));
    }

    TEST_CASE("a socket that was passed is for TLS where its name or listen says so") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        const std::string certificate =
            common::text("certificate ", own.certificate.native(), ' ', own.key.native());
        struct Case {
            std::string program, words;
            bool is_named;
        };
        for (const Case& one : {Case{"ftpd", "220 ", true},
                                {"ftpd", "220 ", false},
                                {"chatd", "Your name: ", true},
                                {"chatd", "Your name: ", false}}) {
            CAPTURE(one.program);
            CAPTURE(one.is_named);
            const common::Fd plain = listen_here(), secured = listen_here();
            const common::Address clear = common::local_address(plain.get()),
                                  other = common::local_address(secured.get());
            Words lines{certificate};
            if (!one.is_named) lines.push_back(common::text("listen *:", other.port(), " tls"));
            Started started{
                one.program, lines, {plain.get(), secured.get()}, one.is_named ? "clear:tls" : "a:b"};
            started.log.wait_for("listening on " + clear.shown());
            started.log.wait_for("listening on " + other.shown());
            CHECK(greets_under_tls(other, own, one.words));
            Connection client{clear};
            if (one.program == "ftpd") client.expect(220);
            started.daemon.signal(SIGTERM);
            CHECK(started.daemon.wait() == 0);
        }
    }

    TEST_CASE(
        "sockets that were passed and do not go with what is to be under TLS are refused at the start") {
        const TempDir folder;
        const TestCertificate own = make_certificate(folder, "own");
        const std::string certificate =
            common::text("certificate ", own.certificate.native(), ' ', own.key.native());
        const common::Fd tcp = listen_here(),
                         path = common::listen_on(common::Address::of_path((folder / "socket").native()));
        struct Case {
            Words lines;
            int socket;
            std::string name, words;
        };
        for (const std::string program : {"ftpd", "chatd"})
            for (const Case& one :
                 {Case{{certificate, "listen 127.0.0.1:990 tls"},
                       tcp.get(),
                       "other",
                       "listen 127.0.0.1:990 tls: the service manager has passed other sockets"},
                  {{},
                   tcp.get(),
                   "tls",
                   "named a socket tls, and there is no TLS: add `certificate CERT KEY'"},
                  {{certificate}, path.get(), "tls", "a socket of this machine: give it another name"}}) {
                Started started{program, one.lines, {one.socket}, one.name};
                CHECK(started.daemon.wait() == 1);
                started.log.wait_for(one.words);
            }
    }
}
