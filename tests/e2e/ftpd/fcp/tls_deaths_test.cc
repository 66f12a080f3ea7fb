// SPDX-License-Identifier: ISC
// The death of each process of a copy under TLS at each point of it, on either side: fcp fails and says so,
// and half a file or half a list looks whole to nobody.
#include "common/far_process.hh"
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/ftpd/fcp/secured_place.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/relay.hh"
#include "tests/skip.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>

using namespace e2e;
using common::text;

namespace {

// What is done, and after how many bytes, and of which way, it stands still for the death.
struct Point {
    std::string name;
    Relay::Way way;
    std::size_t bytes;
};
const std::vector<Point> points{{"handshake", Relay::Way::to_client, 600},
                                {"list", Relay::Way::to_client, 100'000},
                                {"download", Relay::Way::to_client, 300'000},
                                {"upload", Relay::Way::to_server, 300'000}};

// A server with a folder of many names, and a file; what is copied from here is another one.
class Scene {
public:
    Scene() {
        const std::string long_name(200, 'n');
        for (int i = 0; i < 25'000; ++i) write_file(list_ / text(long_name, i), "");
        write_file(server_.place.served("file"), std::string(size, 's'));
        write_file(server_.place.local / "mine", std::string(size, 'c'));
        for (const ProcessStatus& one : children_of(server_.place.daemon.main_pid()))
            REQUIRE(one.state == 'Z');
    }

    void kill_at(const Point& point, const std::string& role, bool is_replaced) {
        const Path file = server_.place.served("stored");
        std::filesystem::remove(file);
        std::filesystem::remove(copy_);
        if (is_replaced)
            for (const Path& old : {file, copy_}) write_file(old, "old");
        Relay between{server_.place.daemon.port()};
        between.hold_after(point.way, point.bytes);
        Process client{command(point, between.port())};
        between.wait_for_hold();
        const pid_t killed = find(role, client);
        const common::Fd held = common::hold_process(killed);
        ::kill(killed, SIGKILL);
        if (held) wait_readable(held.get());
        between.go_on();
        const int status = client.wait();
        if (role != "program") {
            CHECK(status == 1);
            CHECK_MESSAGE(client.err().text().starts_with(point.name == "list" ? "fls: " : "fcp: "),
                          client.err().text());
        }
        CHECK(client.out().text().empty()); // of half a list nothing
        server_.place.daemon.wait_until_idle();
        wait_until("its relay has ended", [&] { return server_.client_relays().empty(); });
        for (const Path& one : {file, copy_}) {
            CHECK(std::filesystem::exists(one) == is_replaced);
            if (is_replaced) CHECK(read_file(one) == "old");
        }
        CHECK(is_silent_success(server_.fcp({"localhost:file", copy_})));
        CHECK(std::filesystem::file_size(copy_) == size);
    }

private:
    static constexpr std::size_t size = 20'000'000; // as the list, more than is on its way between the two

    Words command(const Point& point, std::uint16_t port) const {
        const std::string folder = text("ftp://localhost:", port, '/');
        Words operands{"fls", "--tls", "--ca-file", server_.own.certificate};
        if (point.name == "list") {
            operands.push_back(folder + "list");
        } else {
            operands[0] = "fcp";
            const bool is_up = point.name == "upload";
            operands.push_back(is_up ? (server_.place.local / "mine").string() : folder + "file");
            operands.push_back(is_up ? folder + "stored" : copy_.string());
        }
        operands[0] = find_program(operands[0]);
        const Words home{"env", "-u", "XDG_STATE_HOME", "HOME=" + server_.place.local.path().string()};
        operands.insert(operands.begin(), home.begin(), home.end());
        return operands;
    }
    pid_t find(const std::string& role, const Process& client) const {
        if (role == "program") return client.pid();
        std::vector<pid_t> found;
        wait_until("it is there", [&] {
            found.clear();
            if (role == "client's relay") found = server_.client_relays();
            const auto add_children = [&](pid_t parent) {
                for (const ProcessStatus& one : children_of(parent))
                    if (one.state != 'Z') found.push_back(one.pid);
            };
            if (role == "session") add_children(server_.place.daemon.main_pid());
            if (role == "relay")
                for (const ProcessStatus& one : children_of(server_.place.daemon.pid()))
                    if (command_line_of(one.pid).find(std::string{"\0tlsd\0", 6}) != std::string::npos)
                        add_children(one.pid);
            return found.size() == 1;
        });
        return found.front();
    }

    SecuredPlace server_;
    Path list_ = server_.place.make_served("list");
    Path copy_ = server_.place.local / "copy";
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a copy under TLS fails and looks whole to nobody wherever one of its processes dies") {
        if (!have_proc()) return tests::skip("needs /proc");
        Scene scene;
        for (const Point& point : points)
            for (const std::string role : {"client's relay", "program", "relay", "session"})
                for (const bool is_replaced : {false, true}) {
                    INFO(point.name, ' ', role, ' ', is_replaced);
                    scene.kill_at(point, role, is_replaced);
                }
    }
}
