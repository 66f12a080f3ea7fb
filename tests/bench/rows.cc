// SPDX-License-Identifier: ISC
#include "tests/bench/rows.hh"

#include <array>
#include <stdexcept>

namespace bench {
namespace {

using enum Target::Relation;

constexpr std::string_view poller_definition = "So many descriptors are watched and one of them is made "
                                               "readable: write, wait, read, in a loop. The servers' "
                                               "column has the number of descriptors.";

constexpr std::string_view takeover_definition = "From kill -9 of the hub to when 9 listeners of a room of "
                                                 "10, whose log has 256 MiB, have a line that is said "
                                                 "right after it; 40 kills, 1.2 s or more apart. All others "
                                                 "are in rooms of 100, whose logs have 16 MiB each.";

constexpr std::string_view upgrade_definition = "One line is said after the other while chatd goes over to "
                                                "the same program; the one that took longest until 9 "
                                                "listeners of a room of 10 had it. 10 upgrades. All others "
                                                "are in rooms of 90.";

constexpr std::string_view copy_definition =
    "A folder with 50 folders of 100 files each, to an empty place; from the program's start to its end, "
    "with "
    "login and handshakes. fcp and `lftp mirror' meet ftpd; rsync -r, scp -r and tar go over ssh.";

constexpr std::string_view crowd_definition =
    "The 16,000 are in 160 rooms and come from as many addresses of 127.0.0.0/8. It needs kernel.pid_max, "
    "kernel.threads-max and pids.max of the control group of 18,000 or more (RLIMIT_NPROC, too, unless root "
    "runs "
    "it), as many descriptors a process (RLIMIT_NOFILE) and 3.2 GB; where one is too low, the row is left "
    "out and says so.";

constexpr auto rows = std::to_array<Row>({
    {"ftp-sessions", "FTP sessions", "/s", true,
     "4 clients, each: connect, 220, USER anonymous, PASS, QUIT, 221, until the server has closed; the next "
     "step when the reply is there. `floor: fork and answer' accepts, forks, sends one line, exits; `floor: "
     "fork "
     "and converse' answers the same dialogue with constants."},
    {"ftp-retr-small", "RETR of 1 KiB with EPSV", "/s", true,
     "4 sessions, logged in before the clock starts, each in a loop: EPSV, connect, RETR, data to its end, "
     "226."},
    {"ftp-stor-small", "STOR of 1 KiB with EPSV", "/s", true,
     "4 sessions as above: EPSV, connect, STOR under a new name, 1,024 bytes, close, 226."},
    {"ftp-stor-replace", "STOR of 1 KiB in place of another", "/s", true,
     "The same under names that are there: each session replaces 100 files in turn, which it has stored "
     "before "
     "the clock starts. pure-ftpd has a user for it, as nobody may who is anonymous there."},
    {"ftp-get-inband", "GET of 1 KiB in band, pipelined", "/s", true,
     "4 sessions, each sends 64 GET lines at once, reads all 64 answers and files, and repeats."},
    {"ftp-retr-large", "RETR of 1 GiB", "MiB/s", true,
     "One session, TYPE I, EPSV; from RETR to 226. The client discards what it receives without copying it "
     "(MSG_TRUNC). The floor: sendfile(2) in a loop."},
    {"ftp-stor-large", "STOR of 1 GiB", "MiB/s", true,
     "One session, TYPE I, EPSV; from STOR to 226. The client sends with sendfile(2). Before each as much is "
     "written and removed, so that the memory is at hand. The floor: recv(2) and write(2) of 256 KiB in a "
     "loop."},
    {"ftp-mlsd", "MLSD of 20,000 entries", "entries/s", true,
     "One session; EPSV and MLSD of one folder with 20,000 files, until 226; repeated."},
    {"ftp-type-only", "MLSD of 20,000 entries after OPTS MLST type;", "entries/s", true,
     "The same, with no fact but the type asked for; a server that refuses that gives those that it has."},
    {"ftp-nlst", "NLST of 20,000 entries", "entries/s", true, "The same with NLST: names alone."},
    {"ftp-memory", "private memory of an idle FTP session", "KiB", false,
     "200 sessions after login. Private_Clean + Private_Dirty of smaps_rollup: median of the processes that "
     "came with them, times processes a session; for a server without, its growth by 200."},
    {"ftp-tls-sessions", "FTP sessions under TLS", "/s", true,
     "bench-tls: 4 clients, each: connect, 220, AUTH TLS, a full handshake of TLS 1.3 with P-256, USER "
     "anonymous, PASS, QUIT, 221, until the server has closed."},
    {"ftp-tls-retr-large", "RETR of 1 GiB under TLS", "MiB/s", true,
     "One session under TLS, PROT P, TYPE I, EPSV; from RETR to 226, with the handshake of the data "
     "connection. The client decrypts and discards."},
    {"ftp-tls-stor-large", "STOR of 1 GiB under TLS", "MiB/s", true,
     "The same the other way, from STOR to 226, with close_notify. Before each as much is written and "
     "removed."},
    {"ftp-tls-memory", "private memory of an idle FTP session under TLS", "KiB", false,
     "100 sessions after login, as above: with their relays, or whatever else a server has for them."},
    {"ftp-rclone-send", "500 files of 1 KiB sent by rclone", "files/s", true,
     "`rclone copy' of one folder to an empty one, four files at a time; from the program's start to its "
     "end. It "
     "looks for each file that it has sent in a list of the folder."},
    {"ftp-copy-fetch", "5,000 files of 4 KiB fetched by fcp -r", "files/s", true, copy_definition},
    {"ftp-copy-send", "5,000 files of 4 KiB sent by fcp -r", "files/s", true, copy_definition},
    {"ftp-tls-copy-fetch", "the same fetched by fcp -r --tls", "files/s", true, copy_definition},
    {"ftp-tls-copy-send", "the same sent by fcp -r --tls", "files/s", true, copy_definition},
    {"chat-flood-100", "chat flood, 100 members", "deliveries/s", true,
     "100 clients listen, 4 more speak lines of 50 bytes, up to 1,000 of which are on their way at once; "
     "counted "
     "is what the 100 get, until all have everything. One listener looks at every line. The floor: one "
     "process, "
     "one send(2) for each recipient of each line."},
    {"chat-flood-500", "chat flood, 500 members", "deliveries/s", true, "The same with 500 listeners."},
    {"chat-delay-200", "chat delay at 40,000 deliveries/s, 200 members, p99", "ms", false,
     "4 speakers in turn say a line each 5 ms; counted is the time from when it was due to when each of 200 "
     "listeners got it."},
    {"chat-delay-1000", "chat delay at 40,000 deliveries/s, 1,000 members, p99", "ms", false,
     "The same with a line each 25 ms and 1,000 listeners."},
    {"chat-calm-200", "chat delay at 4,000 deliveries/s, 200 members, p99", "ms", false,
     "As with 40,000: a line each 50 ms. `floor: a process each' is a process for each client that waits for "
     "a "
     "packet, reads the line from a common log with pread(2) and sends it: the price of one for each "
     "client."},
    {"chat-calm-1000", "chat delay at 4,000 deliveries/s, 1,000 members, p99", "ms", false,
     "The same with a line each 250 ms and 1,000 listeners."},
    {"chat-irc-flood-100", "chat flood over IRC, 100 members", "deliveries/s", true,
     "As without IRC, but both servers get the very same bytes: NICK, USER, JOIN and PRIVMSG."},
    {"chat-irc-flood-500", "chat flood over IRC, 500 members", "deliveries/s", true,
     "The same with 500 listeners."},
    {"chat-irc-delay-200", "chat delay over IRC, 40,000 deliveries/s, 200 members, p99", "ms", false,
     "As without IRC, with the same bytes to both servers."},
    {"chat-irc-delay-1000", "chat delay over IRC, 40,000 deliveries/s, 1,000 members, p99", "ms", false,
     "The same with a line each 25 ms and 1,000 listeners."},
    {"chat-admit-100", "to be let in with 100 present in other rooms", "ms", false,
     "From connect to `You are in', in a room where nobody is; median of 200 who come one after the other."},
    {"chat-admit-8000", "to be let in with 8,000 present in other rooms", "ms", false,
     "The same; the 8,000 are in 80 rooms."},
    {"chat-memory", "private memory of an idle handler, 8,000 present", "KiB", false,
     "Private_Clean + Private_Dirty of smaps_rollup, median."},
    {"chat-irc-memory", "private memory of an idle handler that speaks IRC, 1,000 present", "KiB", false,
     "As without IRC; the 1,000 are in 10 channels."},
    {"chat-crowd-admit-100", "to be let in with 100 present, beside 16,000 elsewhere", "ms", false,
     "As with 8,000 above: of two servers, the one with 100; in turn with the next row."},
    {"chat-crowd-admit-16000", "to be let in with 16,000 present in other rooms", "ms", false,
     crowd_definition},
    {"chat-crowd-line-100", "one line to a room of 100, nobody else present", "ms", false,
     "From when one of 100 sends a line until the 99 others have it; median of 200, one after the other; in "
     "turn with the next row."},
    {"chat-crowd-line-16000", "one line to a room of 100, 16,000 present in 160 rooms", "ms", false,
     "The same on a server with 15,900 in 159 other rooms."},
    {"chat-crowd-memory", "memory in all for a client, 16,000 present", "KiB", false,
     "What is gone of MemAvailable once all are in, less what bench itself has taken for its own pages, for "
     "each client: the kernel's memory is in it, with that for the client's end of the connection. Beside it "
     "how much of each kind has come."},
    {"chat-stopped-rate", "one stopped reader for 1,000,000 lines: rate of the others", "of their rate", true,
     "Two rooms, each with 20 listeners and 4 speakers, in turns of 100,000 lines until the one with a "
     "reader who "
     "has stopped has had 1,000,000; median of the ten ratios of deliveries/s."},
    {"chat-stopped-hub", "one stopped reader: growth of the hub", "KiB", false,
     "Private memory after the 1,000,000 lines less before."},
    {"chat-stopped-handler", "one stopped reader: growth of its handler", "KiB", false,
     "The same of its handler."},
    {"chat-stopped-lines", "one stopped reader: lines it gets when it reads on", "lines", true,
     "Of each speaker all, each once and in their order."},
    {"chat-takeover-10", "silence after the hub's death, 10 present", "ms", false, takeover_definition},
    {"chat-takeover-10-p99", "silence after the hub's death, 10 present, p99", "ms", false,
     takeover_definition},
    {"chat-takeover-1000", "silence after the hub's death, 1,000 present", "ms", false, takeover_definition},
    {"chat-takeover-1000-p99", "silence after the hub's death, 1,000 present, p99", "ms", false,
     takeover_definition},
    {"chat-takeover-8000", "silence after the hub's death, 8,000 present", "ms", false, takeover_definition},
    {"chat-takeover-8000-p99", "silence after the hub's death, 8,000 present, p99", "ms", false,
     takeover_definition},
    {"chat-upgrade-10", "silence in an upgrade, 10 present", "ms", false, upgrade_definition},
    {"chat-upgrade-10-max", "silence in an upgrade, 10 present, longest", "ms", false, upgrade_definition},
    {"chat-upgrade-1000", "silence in an upgrade, 1,000 present", "ms", false, upgrade_definition},
    {"chat-upgrade-1000-max", "silence in an upgrade, 1,000 present, longest", "ms", false,
     upgrade_definition},
    {"pack-pack", "packing !IHHq16s", "ns", false,
     "One struct into a buffer, 5 values; the loop's own time is in it. By hand: memcpy and htonl."},
    {"pack-unpack", "unpacking !IHHq16s", "ns", false, "The same from a buffer, all fields looked at."},
    {"poller-select", "a wake-up under select", "us", false, poller_definition},
    {"poller-poll", "a wake-up under poll", "us", false, poller_definition},
    {"poller-epoll", "a wake-up under epoll", "us", false, poller_definition},
    {"poller-epoll-edge", "a wake-up under epoll-edge", "us", false, poller_definition},
});

constexpr std::string_view rsync = "rsync over ssh", process_each = "floor: a process each";

constexpr auto targets = std::to_array<Target>({
    {"ftp-sessions", ">= 10 x vsftpd", at_least, 10, "vsftpd"},
    {"ftp-sessions", ">= 4 x pure-ftpd", at_least, 4, "pure-ftpd"},
    {"ftp-sessions", ">= 0.6 x the fork floor", at_least, 0.6, "floor: fork and answer"},
    {"ftp-retr-small", ">= 1.1 x the best peer", at_least, 1.1, "best peer"},
    {"ftp-stor-small", ">= 0.95 x the best peer", at_least, 0.95, "best peer"},
    {"ftp-stor-replace", ">= 0.9 x the best peer", at_least, 0.9, "best peer"},
    {"ftp-get-inband", ">= 5 x its own EPSV rate", at_least, 5, suite, "ftp-retr-small"},
    {"ftp-retr-large", ">= the best peer", at_least, 1, "best peer"},
    {"ftp-retr-large", ">= 0.9 x the bare loop", at_least, 0.9, "floor: sendfile"},
    {"ftp-stor-large", ">= 0.95 x the best peer", at_least, 0.95, "best peer"},
    {"ftp-stor-large", ">= 0.9 x the bare loop", at_least, 0.9, "floor: recv and write"},
    {"ftp-mlsd", ">= 1.25 x the best peer", at_least, 1.25, "best peer"},
    {"ftp-type-only", ">= 2 x the best peer", at_least, 2, "best peer"},
    {"ftp-nlst", ">= 2 x the best peer", at_least, 2, "best peer"},
    {"ftp-memory", "<= 64 KiB", at_most, 64, ""},
    {"ftp-tls-sessions", ">= the best peer", at_least, 1, "best peer"},
    {"ftp-tls-retr-large", ">= 0.85 x the best peer", at_least, 0.85, "best peer"},
    {"ftp-tls-stor-large", ">= 0.85 x the best peer", at_least, 0.85, "best peer"},
    {"ftp-tls-memory", "<= 250 KiB", at_most, 250, ""},
    {"ftp-rclone-send", ">= the best peer", at_least, 1, "best peer"},
    {"ftp-copy-fetch", ">= 10 x rsync", at_least, 10, rsync},
    {"ftp-copy-send", ">= 10 x rsync", at_least, 10, rsync},
    {"ftp-tls-copy-fetch", ">= 5 x rsync", at_least, 5, rsync, "ftp-copy-fetch"},
    {"ftp-tls-copy-send", ">= 5 x rsync", at_least, 5, rsync, "ftp-copy-send"},
    {"chat-flood-100", ">= 6 x ngircd", at_least, 6, "ngircd"},
    {"chat-flood-500", ">= 4 x ngircd", at_least, 4, "ngircd"},
    {"chat-delay-200", "<= 1.2 x ngircd's", at_most, 1.2, "ngircd"},
    {"chat-delay-1000", "<= 3.2 x ngircd's", at_most, 3.2, "ngircd"},
    {"chat-calm-200", "<= 1.7 x ngircd's", at_most, 1.7, "ngircd"},
    {"chat-calm-200", "<= 1.1 x a process each", at_most, 1.1, process_each},
    {"chat-calm-1000", "<= 7 x ngircd's", at_most, 7, "ngircd"},
    {"chat-calm-1000", "<= 1.1 x a process each", at_most, 1.1, process_each},
    {"chat-admit-8000", "<= 1.3 x the time with 100", at_most, 1.3, suite, "chat-admit-100"},
    {"chat-memory", "<= 56 KiB", at_most, 56, ""},
    {"chat-irc-memory", "<= 56 KiB", at_most, 56, ""},
    {"chat-crowd-admit-16000", "<= 1.3 x the time with 100", at_most, 1.3, suite, "chat-crowd-admit-100"},
    {"chat-crowd-line-16000", "<= 1.3 x the time with 100", at_most, 1.3, suite, "chat-crowd-line-100"},
    {"chat-crowd-memory", "<= 160 KiB", at_most, 160, ""},
    {"chat-stopped-rate", ">= 0.95", at_least, 0.95, ""},
    {"chat-stopped-hub", "<= 1 MiB", at_most, 1024, ""},
    {"chat-stopped-handler", "<= 1 MiB", at_most, 1024, ""},
    {"chat-stopped-lines", "all 1,000,000", at_least, 1'000'000, ""},
    {"chat-takeover-1000-p99", "<= 100 ms", at_most, 100, ""},
    {"pack-pack", "<= 1.2 x by hand", at_most, 1.2, "by hand"},
    {"pack-pack", "<= 1/20 of CPython's struct", at_most, 1.0 / 20, "CPython's struct"},
    {"pack-unpack", "<= 1.2 x by hand", at_most, 1.2, "by hand"},
    {"pack-unpack", "<= 1/20 of CPython's struct", at_most, 1.0 / 20, "CPython's struct"},
    {"poller-epoll", "10,000 descriptors <= 1.5 x 10", at_most, 1.5, "10", "", "10000"},
    {"poller-epoll-edge", "10,000 descriptors <= 1.5 x 10", at_most, 1.5, "10", "", "10000"},
});

} // namespace

bool is_peer(std::string_view subject) {
    return !subject.starts_with(suite) && !subject.starts_with("floor");
}

std::span<const Row> all_rows() { return rows; }
std::span<const Target> all_targets() { return targets; }

const Row& find_row(std::string_view name) {
    for (const Row& row : rows)
        if (row.name == name) return row;
    throw std::logic_error("there is no row " + std::string{name});
}

std::string_view part_of(std::string_view row) { return row.substr(0, row.find('-')); }

} // namespace bench
