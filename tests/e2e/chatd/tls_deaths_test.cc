// SPDX-License-Identifier: ISC
// The death of each process of chatd at each point of the life of a client under TLS: it costs that client at
// most, who sees a cut and no end, and what it had half said is never said.
#include "common/far_process.hh"
#include "common/text.hh"
#include "tests/e2e/clients.hh"
#include "tests/e2e/secured_chat.hh"
#include "tests/skip.hh"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

// Who was there before, under TLS and without it.
class Bystanders {
public:
    explicit Bystanders(SecuredChat& server) : server_(server) {
        guest_.enter("guest");
        ann_.wait_for_line("guest joined");
        relays_ = server.relays();
        handlers_ = server.handlers();
    }
    ChatClient& ann() { return ann_; }
    void check(std::string_view what) { check_they_talk(guest_, ann_, what); }
    // Somebody comes and goes.
    void check_newcomers() {
        Guest other{server_};
        other.enter("other");
        ann_.wait_for_line("other joined");
        other.say("/quit");
        CHECK(other.program().wait() == 0);
        ann_.wait_for_line("other left");
        wait_until("it has left no process", [&] { return relays().empty() && handlers().empty(); });
    }
    // Of somebody else.
    std::vector<pid_t> relays() const { return without(server_.relays(), relays_); }
    std::vector<pid_t> handlers() const { return without(server_.handlers(), handlers_); }

private:
    static std::vector<pid_t> without(std::vector<pid_t> all, const std::vector<pid_t>& some) {
        std::erase_if(all, [&](pid_t one) { return std::ranges::find(some, one) != some.end(); });
        return all;
    }

    SecuredChat& server_;
    ChatClient ann_{server_.daemon(), "ann"};
    Guest guest_{server_};
    std::vector<pid_t> relays_, handlers_;
};

void kill_and_see(pid_t pid) {
    const common::Fd held = common::hold_process(pid);
    ::kill(pid, SIGKILL);
    if (held) wait_readable(held.get());
}

void kill_one(SecuredChat& server, const Bystanders& bystanders, const std::string& role) {
    if (role == "keyd" || role == "tlsd") return server.kill_and_wait(role);
    if (role == "relay") return kill_and_see(bystanders.relays().front());
    if (role == "handler") return kill_and_see(bystanders.handlers().front());
    if (role == "spawner") {
        const pid_t before = spawner_of(server.daemon());
        kill_and_see(before);
        return wait_until("there is another", [&] { return spawner_of(server.daemon()) != before; });
    }
    const std::size_t logged = server.daemon().log().size();
    kill_and_see(server.daemon().main_pid());
    server.daemon().wait_for_log("going on after a hub that has ended", logged);
}

// Kills the process at that point, and returns what became of the client.
std::string kill_at(SecuredChat& server, const Bystanders& bystanders, const std::string& role,
                    const std::string& point) {
    Process client{{"python3", in_source("tests/e2e/ftpd/tls_attacker.py"), "at_chat_" + point,
                    text(server.port()), server.certificate()}};
    client.out().wait_for("there\n");
    wait_until("it has its processes",
               [&] { return bystanders.relays().size() == 1 && bystanders.handlers().size() == 1; });
    kill_one(server, bystanders, role);
    client.write("\n");
    CHECK(client.wait() == 0);
    const std::string all = client.out().text(), there = "there\n";
    return all.substr(there.size(), all.size() - there.size() - 1);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("chat over TLS: a death at any point costs that client at most and what was half said is not "
              "said") {
        if (!have_proc()) return tests::skip("only /proc shows who they are");
        for (const std::string role : {"keyd", "tlsd", "hub", "spawner", "relay", "handler"}) {
            SecuredChat server{{}, true};
            Bystanders bystanders{server};
            for (const std::string point : {"in_handshake", "when_idle", "in_line"}) {
                INFO(role, ' ', point);
                const bool is_its_own = role == "relay" || role == "handler";
                CHECK(kill_at(server, bystanders, role, point) == (is_its_own ? "cut" : "served"));
                if (!is_its_own) bystanders.ann().wait_for_line("mallory say: a whole line");
                if (!is_its_own || point != "in_handshake") bystanders.ann().wait_for_line("mallory left");
                bystanders.check(point);
                bystanders.check_newcomers();
                if (is_its_own)
                    CHECK(chatctl(server.daemon(), {"history", "lobby"}).find("mallory say") ==
                          std::string::npos);
            }
        }
    }
}
