// SPDX-License-Identifier: ISC
// A handler holds what is its client's and nothing of anybody else's: descriptors, memory, rights.
#include "tests/e2e/chat_client.hh"
#include "tests/skip.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <deque>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <set>
#include <signal.h>
#include <sstream>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

// Words that stand nowhere but in a configuration; put together here, so that not even this file has them.
std::string code_of(int room) { return text("cleopatra", "-needle-", room, "-in-the-hay"); }

constexpr int crowd_size = 20;

Words many_rooms() {
    Words lines{"room lobby"};
    for (int room = 0; room < crowd_size; ++room)
        lines.push_back(text("room room", room, " code ", code_of(room)));
    return lines;
}

std::deque<ChatClient> make_crowd(const Daemon& daemon) {
    std::deque<ChatClient> crowd;
    for (int room = 0; room < crowd_size; ++room)
        crowd.emplace_back(daemon, text("guest", room), code_of(room));
    return crowd;
}

Words words_of(const std::string& line) {
    std::istringstream words{line};
    return {std::istream_iterator<std::string>{words}, std::istream_iterator<std::string>{}};
}

std::vector<Words> table_of(const std::string& path) {
    std::ifstream file{path};
    std::vector<Words> rows;
    for (std::string line; std::getline(file, line);) rows.push_back(words_of(line));
    return rows;
}

// The words behind NAME in a file of /proc.
Words row_of(const std::string& path, const std::string& name) {
    for (Words row : table_of(path))
        if (!row.empty() && row[0] == name) return row.erase(row.begin()), row;
    return {};
}

// "socket:[INODE]" of the server's end of a client's connection.
std::string server_end_of(const Connection& client) {
    const auto port_in = [](const std::string& address) { // "0100007F:9C43"
        return std::stoul(address.substr(address.find(':') + 1), nullptr, 16);
    };
    const auto here = common::local_address(client.fd()).port(),
               there = common::peer_address(client.fd()).port();
    for (const Words& row : table_of("/proc/net/tcp"))
        if (row.size() > 9 && row[0] != "sl" && port_in(row[1]) == there && port_in(row[2]) == here)
            return "socket:[" + row[9] + "]";
    throw Failure{"/proc/net/tcp does not know the connection"};
}

bool is_packet_socket(const std::string& target) {
    return std::ranges::any_of(table_of("/proc/net/unix"), [&](const Words& row) {
        return row.size() > 6 && row[4] == "0005" && target == "socket:[" + row[6] + "]";
    });
}

bool is_open_for_reading_only(pid_t pid, int fd) {
    const Words flags = row_of(text("/proc/", pid, "/fdinfo/", fd), "flags:");
    return !flags.empty() && (std::stoi(flags[0], nullptr, 8) & O_ACCMODE) == O_RDONLY;
}

using Kinds = std::multiset<std::string>;

// What a handler's descriptors are, by target; an unknown one stands for itself.
Kinds kinds_of(const Daemon& daemon, const Connection& client, const std::string& room) {
    const pid_t pid = handler_of(daemon, client);
    const auto hubs = descriptors_of(daemon.main_pid());
    const auto is_the_hubs = [&](const std::string& target) {
        return std::ranges::any_of(hubs, [&](const auto& entry) { return entry.second == target; });
    };
    const std::string rooms = daemon.state() / "rooms";
    Kinds found;
    for (const auto& [fd, target] : descriptors_of(pid)) {
        std::string kind = target;
        if (fd <= STDOUT_FILENO && target == "/dev/null") kind = "null";
        if (target == server_end_of(client)) kind = "client";
        if (target.starts_with(text(rooms, '/', room, '/')) && is_open_for_reading_only(pid, fd))
            kind = "log";
        if (target == "anon_inode:[eventpoll]") kind = "epoll";
        if (target.starts_with("pipe:") && !is_the_hubs(target)) kind = "own pipe";
        if (is_packet_socket(target) && !is_the_hubs(target)) kind = "pair";
        found.insert(kind);
    }
    return found;
}

// What design.md grants, and what waiting takes.
Kinds granted() {
    Kinds kinds{"null", "null", "pair", "client", "pair", "log"}; // one pair twice: standard error is it
    if (backend() == common::Backend::epoll || backend() == common::Backend::epoll_edge)
        kinds.insert("epoll");
    if (backend() == common::Backend::poll && is_posix_build()) kinds.insert({"own pipe", "own pipe"});
    return kinds;
}

std::string shown(const Kinds& kinds) {
    std::string all;
    for (const std::string& kind : kinds) all += kind + "  ";
    return all;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a handler among twenty others holds the descriptors it was granted and no other") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with(many_rooms())};
        const std::deque<ChatClient> crowd = make_crowd(daemon);
        ChatClient ada{daemon, "ada"};
        ada.send("hello\n/who\n");
        ada.expect_line("ada");
        Kinds last; // which descriptor comes first is not told: the handler answers before it waits
        try {
            wait_until("it holds these",
                       [&] { return (last = kinds_of(daemon, ada, "lobby")) == granted(); });
        } catch (const Failure&) {
            FAIL("the handler holds: " << shown(last));
        }
        wait_until("a guest's handler holds its own",
                   [&] { return kinds_of(daemon, crowd[7], "room7") == granted(); });

        ChatClient nobody{daemon}; // without a name there is no log
        Kinds without_log = granted();
        without_log.erase("log");
        wait_until("it holds no log", [&] { return kinds_of(daemon, nobody, "lobby") == without_log; });
    }

    TEST_CASE("neither the hub nor the spawner keeps a client's socket and the spawner holds no log") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with(many_rooms())};
        std::deque<ChatClient> crowd = make_crowd(daemon);
        std::set<std::string> ends;
        for (const Connection& client : crowd) ends.insert(server_end_of(client));
        CHECK(ends.size() == crowd_size);
        for (const auto& [fd, target] : descriptors_of(daemon.main_pid())) CHECK_FALSE(ends.contains(target));
        const auto spawners = descriptors_of(spawner_of(daemon));
        for (const auto& [fd, target] : spawners) {
            CHECK_FALSE(ends.contains(target));
            CHECK(target.find("/rooms/") == std::string::npos);
        }
        CHECK(spawners.at(0) == "/dev/null");
        CHECK(spawners.at(1) == "/dev/null");
    }

    TEST_CASE("no handler's and no spawner's memory holds another room's code") {
        if (!have_proc() || is_sanitized())
            return tests::skip("needs /proc, and no sanitizer, whose memory is too large to search");
        const Daemon daemon{chatd_with(many_rooms())};
        const std::deque<ChatClient> crowd = make_crowd(daemon);
        const auto check_innocent = [&](pid_t pid, int own_room) {
            for (int room = 0; room < crowd_size; ++room)
                if (room != own_room) CHECK_FALSE(has_in_memory(pid, code_of(room)));
        };
        CHECK(has_in_memory(daemon.main_pid(), code_of(3))); // so that the search is known to find
        const pid_t spawner = spawner_of(daemon);
        check_innocent(spawner, -1);
        check_innocent(handler_of(daemon, crowd[crowd_size - 1]), crowd_size - 1);
        const ChatClient late{daemon, "late"};
        check_innocent(handler_of(daemon, late), -1);

        ::kill(spawner, SIGKILL); // the next one is forked when the hub knows all
        ChatClient later{daemon, "later"};
        CHECK(spawner_of(daemon) != spawner);
        check_innocent(spawner_of(daemon), -1);
        check_innocent(handler_of(daemon, later), -1);
    }

    TEST_CASE("handlers of a daemon that root started are nobody and cannot open a log anew") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        const Daemon daemon{chatd_with({"run-as nobody"})};
        const ChatClient ada{daemon, "ada"};
        const pid_t pid = handler_of(daemon, ada);
        const std::string status = text("/proc/", pid, "/status");
        const std::string user = words_of(run_client({"id", "-u", "nobody"}).out).at(0),
                          group = words_of(run_client({"id", "-g", "nobody"}).out).at(0);
        CHECK(row_of(status, "Uid:") == Words{user, user, user, user});
        CHECK(row_of(status, "Gid:") == Words{group, group, group, group});
        CHECK(row_of(status, "Groups:") == Words{group});
        for (const char* const set : {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"})
            CHECK(row_of(status, set) == Words{"0000000000000000"});
        const std::string log = daemon.state() / "rooms" / "lobby" / "00000001.log";
        for (const auto& [fd, target] : descriptors_of(pid)) {
            if (target != log) continue;
            const Result again =
                run_client({"setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups", "--", "sh",
                            "-c", text(": >>/proc/", pid, "/fd/", fd)});
            CHECK(again.status != 0);
            return;
        }
        FAIL("it holds no log");
    }

    TEST_CASE("a handler can gain no rights and is narrowly limited") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with({})};
        const ChatClient ada{daemon, "ada"};
        const std::string proc = text("/proc/", handler_of(daemon, ada));
        if (!is_posix_build()) CHECK(row_of(proc + "/status", "NoNewPrivs:") == Words{"1"});
        const auto limit = [&](const std::string& name) {
            for (const Words& row : table_of(proc + "/limits"))
                if (row.size() > 4 && text(row[1], ' ', row[2]) == name)
                    return row.at(row[3] == "size" ? 4 : 3);
            return std::string{"none"};
        };
        CHECK(limit("core file") == "0");
        CHECK(limit("open files") == "64");
        CHECK(row_of(proc + "/limits", "Max").size() > 3);
    }

    TEST_CASE("a handler maps no page of the hub's but its own") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{chatd_with({})};
        std::deque<ChatClient> crowd;
        for (int guest = 0; guest < 5; ++guest) crowd.emplace_back(daemon, text("guest", guest));
        for (const ChatClient& client : crowd) {
            unsigned long bytes = 0;
            for (const Words& row : table_of(text("/proc/", handler_of(daemon, client), "/maps"))) {
                if (row.at(1) != "rw-s") continue; // the library maps a file of its own for reading
                std::size_t dash = 0;
                const unsigned long from = std::stoul(row[0], &dash, 16);
                bytes += std::stoul(row[0].substr(dash + 1), nullptr, 16) - from;
            }
            CHECK(bytes == static_cast<unsigned long>(::sysconf(_SC_PAGESIZE)));
        }
    }
}
