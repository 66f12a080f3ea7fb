// SPDX-License-Identifier: ISC
#include "tests/bench/rows.hh"

#include <array>
#include <stdexcept>

namespace bench {
namespace {

using enum Target::Relation;

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
    {"ftp-get-inband", "GET of 1 KiB in band, pipelined", "/s", true,
     "4 sessions, each sends 64 GET lines at once, reads all 64 answers and files, and repeats."},
    {"ftp-retr-large", "RETR of 1 GiB", "MiB/s", true,
     "One session, TYPE I, EPSV; from RETR to 226. The client discards what it receives without copying it "
     "(MSG_TRUNC). The floor: sendfile(2) in a loop."},
    {"ftp-stor-large", "STOR of 1 GiB", "MiB/s", true,
     "One session, TYPE I, EPSV; from STOR to 226. The client sends with sendfile(2). The floor: recv(2) and "
     "write(2) of 256 KiB in a loop."},
    {"ftp-mlsd", "MLSD of 20,000 entries", "entries/s", true,
     "One session; EPSV and MLSD of one folder with 20,000 files, until 226; repeated."},
    {"ftp-memory", "private memory of an idle FTP session", "KiB", false,
     "200 sessions after login. Private_Clean + Private_Dirty of smaps_rollup: median of the processes that "
     "came with them, times processes a session; for a server without, its growth by 200."},
});

constexpr auto targets = std::to_array<Target>({
    {"ftp-sessions", ">= 10 x vsftpd", at_least, 10, "vsftpd"},
    {"ftp-sessions", ">= 4 x pure-ftpd", at_least, 4, "pure-ftpd"},
    {"ftp-sessions", ">= 0.6 x the fork floor", at_least, 0.6, "floor: fork and answer"},
    {"ftp-retr-small", ">= 1.3 x the best peer", at_least, 1.3, "best peer"},
    {"ftp-stor-small", ">= 1.3 x the best peer", at_least, 1.3, "best peer"},
    {"ftp-get-inband", ">= 5 x its own EPSV rate", at_least, 5, suite, "ftp-retr-small"},
    {"ftp-retr-large", ">= the best peer", at_least, 1, "best peer"},
    {"ftp-retr-large", ">= 0.9 x the bare loop", at_least, 0.9, "floor: sendfile"},
    {"ftp-stor-large", ">= the best peer", at_least, 1, "best peer"},
    {"ftp-stor-large", ">= 0.9 x the bare loop", at_least, 0.9, "floor: recv and write"},
    {"ftp-mlsd", ">= 2 x the best peer", at_least, 2, "best peer"},
    {"ftp-memory", "<= 64 KiB", at_most, 64, ""},
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
