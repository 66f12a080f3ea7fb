// SPDX-License-Identifier: ISC
// A session holds what is its own and nothing else, however many clients its parent serves: descriptors,
// pages, rights.
#include "tests/e2e/observe.hh"
#include "tests/skip.hh"

#include "common/fd.hh"
#include "common/socket.hh"

#include <algorithm>
#include <deque>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <unistd.h>

using namespace e2e;

namespace {

// The rows of a table of /proc/net, as words.
std::vector<Words> net_table(const std::string& name) {
    std::ifstream file{"/proc/net/" + name};
    std::vector<Words> rows;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words{line};
        rows.emplace_back(std::istream_iterator<std::string>{words}, std::istream_iterator<std::string>{});
    }
    return rows;
}

std::uint16_t port_in(const std::string& address) { // "0100007F:9C43"
    return static_cast<std::uint16_t>(std::stoul(address.substr(address.find(':') + 1), nullptr, 16));
}

// "socket:[INODE]" of the server's end of a client's connection, once it is accepted: before, it has none
// (0).
std::string server_end_of(const Connection& client) {
    const auto here = common::local_address(client.fd()), there = common::peer_address(client.fd());
    std::string inode;
    wait_until("the connection is accepted", [&] {
        for (const Words& row : net_table("tcp"))
            if (row.size() > 9 && row[0] != "sl" && port_in(row[1]) == there.port() &&
                port_in(row[2]) == here.port())
                inode = row[9];
        return !inode.empty() && inode != "0";
    });
    return "socket:[" + inode + "]";
}

bool is_packet_socket(const std::string& target) {
    return std::ranges::any_of(net_table("unix"), [&](const Words& row) {
        return row.size() > 6 && row[4] == "0005" && target == "socket:[" + row[6] + "]";
    });
}

using Kinds = std::multiset<std::string>;

// What a session's descriptors are, by target: "root", "pair", ...; an unknown one stands for itself.
struct Holder {
    const Daemon& daemon;
    const Connection& client;
    pid_t pid = session_of(daemon, client);
    std::map<std::string, std::string> more{}; // targets of this test, and what they are called

    Kinds kinds() const {
        const auto parents = descriptors_of(daemon.main_pid());
        std::map<std::string, std::string> names = more;
        names["/dev/null"] = "null";
        names[server_end_of(client)] = "client";
        names[daemon.files()] = "root";
        names["anon_inode:[eventpoll]"] = "epoll";
        Kinds found;
        for (const auto& [fd, target] : descriptors_of(pid)) {
            std::string kind = names.contains(target) ? names[target] : target;
            if (kind == target && target.starts_with("pipe:") && !holds(parents, target)) kind = "own pipe";
            if (kind == target && is_packet_socket(target) && !holds(parents, target)) kind = "pair";
            found.insert(kind);
        }
        return found;
    }

    static bool holds(const std::map<int, std::string>& descriptors, const std::string& target) {
        return std::ranges::any_of(descriptors, [&](const auto& entry) { return entry.second == target; });
    }

    void must_hold(const Kinds& expected) const {
        // Which descriptor comes first is not told: the session replies before it waits.
        Kinds last;
        try {
            wait_until("it holds these", [&] { return (last = kinds()) == expected; });
        } catch (const Failure&) {
            std::string all;
            for (const std::string& kind : last) all += kind + "  ";
            throw Failure{"the session holds: " + all};
        }
    }
};

// What design.md grants, and what waiting takes.
Kinds granted() {
    Kinds kinds{"null", "null", "pair", "client", "pair", "root"}; // one pair twice: standard error is it
    const auto events = backend();
    if (events == common::Backend::epoll || events == common::Backend::epoll_edge) kinds.insert("epoll");
    if (events == common::Backend::poll && is_posix_build()) kinds.insert({"own pipe", "own pipe"});
    return kinds;
}

Kinds with(Kinds kinds, std::initializer_list<std::string> more) {
    kinds.insert(more);
    return kinds;
}

struct Crowd {
    static constexpr int size = 20;
    std::deque<FtpClient> clients;
    std::deque<Connection> transfers;

    explicit Crowd(const Daemon& daemon) {
        make_endless_file(daemon.files() / "endless");
        for (int i = 0; i < size; ++i) {
            clients.push_back(connect_logged_in(daemon));
            if (i % 4 == 0) transfers.push_back(begin_transfer(clients.back(), "RETR endless"));
        }
    }
};

// Lines of a file of /proc/PID that begin with this, less it and blanks.
std::string proc_line(pid_t pid, const std::string& file, const std::string& beginning) {
    std::ifstream lines{"/proc/" + std::to_string(pid) + "/" + file};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(beginning)) return line.substr(beginning.size());
    return "none";
}

Words words_of(const std::string& line) {
    std::istringstream words{line};
    return {std::istream_iterator<std::string>{words}, std::istream_iterator<std::string>{}};
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a session among twenty others holds the descriptors it was granted and no other") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{{.lines = {"anonymous write"}}};
        const Crowd crowd{daemon};
        FtpClient client = connect_logged_in(daemon);
        const Holder session{daemon, client};
        const auto targets = descriptors_of(session.pid);
        CHECK(targets.at(0) == "/dev/null");
        CHECK(targets.at(1) == "/dev/null");
        const auto is_error = [&](const auto& entry) { return entry.second == targets.at(2); };
        CHECK(std::ranges::count_if(targets, is_error) == 2); // the pair
        session.must_hold(granted());
        client.fetch("LIST");
        session.must_hold(granted()); // nothing stays behind
    }

    TEST_CASE("a transfer adds its file and its data connection") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon{{.lines = {"anonymous write"}}};
        const Crowd crowd{daemon};
        FtpClient client = connect_logged_in(daemon);
        Holder session{daemon, client};
        {
            const Connection data = begin_transfer(client, "RETR endless");
            session.more = {{server_end_of(data), "data"}, {daemon.files() / "endless", "file"}};
            session.must_hold(with(granted(), {"data", "file"}));
        }
        client.expect(426);
        session.must_hold(granted());

        Connection data = begin_transfer(client, "STOR new");
        data.send("some");
        session.more = {{server_end_of(data), "data"}, {daemon.files() / ".ftpd-new", "file"}};
        // The directory of the target, in which the complete file is renamed, is here the root itself.
        session.must_hold(with(granted(), {"data", "file", "root"}));
        data.close();
        client.expect(226);
        session.must_hold(granted());
    }

    TEST_CASE("the parent holds no client's socket") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon;
        const Crowd crowd{daemon};
        std::set<std::string> ends;
        for (const Connection& client : crowd.clients) ends.insert(server_end_of(client));
        for (const Connection& data : crowd.transfers) ends.insert(server_end_of(data));
        CHECK(ends.size() == 25);
        for (const auto& [fd, target] : descriptors_of(daemon.main_pid())) CHECK_FALSE(ends.contains(target));
    }

    TEST_CASE("a session maps no status page but its own") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon;
        const Crowd crowd{daemon};
        for (const Connection& client : crowd.clients) {
            std::ifstream maps{"/proc/" + std::to_string(session_of(daemon, client)) + "/maps"};
            unsigned long shared = 0; // bytes
            for (std::string line; std::getline(maps, line);) {
                const Words words = words_of(line); // FROM-TO PERMISSIONS OFFSET DEVICE INODE PATH
                if (!words.at(1).ends_with('s')) continue;
                std::size_t dash = 0;
                const unsigned long from = std::stoul(words[0], &dash, 16);
                shared += std::stoul(words[0].substr(dash + 1), nullptr, 16) - from;
            }
            CHECK(shared == static_cast<unsigned long>(::sysconf(_SC_PAGESIZE)));
        }
    }

    TEST_CASE("a session of a daemon that root started is nobody and locked into the tree") {
        if (!have_proc() || !is_root()) return tests::skip("only root sees it, in /proc");
        const Daemon daemon{{.lines = {"run-as nobody", "anonymous write"}}};
        const FtpClient client = connect_logged_in(daemon);
        const pid_t pid = session_of(daemon, client);
        const std::string uid = run_client({"id", "-u", "nobody"}).out,
                          gid = run_client({"id", "-g", "nobody"}).out;
        const auto ids = [&](const std::string& file, const std::string& name) {
            return words_of(proc_line(pid, file, name));
        };
        const std::string user = words_of(uid).at(0), group = words_of(gid).at(0);
        CHECK(ids("status", "Uid:") == Words{user, user, user, user});
        CHECK(ids("status", "Gid:") == Words{group, group, group, group});
        CHECK(ids("status", "Groups:") == Words{group});
        for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"})
            CHECK(ids("status", set) == Words{"0000000000000000"});
        const std::string proc = "/proc/" + std::to_string(pid);
        CHECK(std::filesystem::read_symlink(proc + "/root") == daemon.files());
        CHECK(std::filesystem::read_symlink(proc + "/cwd") == daemon.files());
    }

    TEST_CASE("a session can gain no rights and is narrowly limited") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        const Daemon daemon;
        const FtpClient client = connect_logged_in(daemon);
        const pid_t pid = session_of(daemon, client);
        if (!is_posix_build()) CHECK(words_of(proc_line(pid, "status", "NoNewPrivs:")) == Words{"1"});
        CHECK(words_of(proc_line(pid, "limits", "Max core file size")).at(1) == "0");
        CHECK(words_of(proc_line(pid, "limits", "Max open files")).at(1) == "64");
        CHECK(words_of(proc_line(pid, "limits", "Max processes")).at(1) == "0");
    }
}
