// SPDX-License-Identifier: ISC
#include "ftpd/verbs.hh"

#include <algorithm>
#include <array>

namespace ftpd {
namespace {

using enum Argument;
using enum Login;
using enum Verb::Kind;

constexpr std::array table{
    // name, argument, syntax, login, right, kind, function, help
    Verb{"USER", required, "NAME", not_needed, Right::none, plain, do_user, "say who you are: anonymous"},
    Verb{"PASS", optional, "PASSWORD", not_needed, Right::none, plain, do_pass,
         "give the password: any for anonymous"},
    Verb{"QUIT", none, "", not_needed, Right::none, plain, do_quit, "end the session"},
    Verb{"NOOP", optional, "", not_needed, Right::none, plain, do_noop, "do nothing"},
    Verb{"SYST", none, "", not_needed, Right::none, plain, do_syst, "what kind of system this is"},
    Verb{"FEAT", none, "", not_needed, Right::none, plain, do_feat, "list the extensions (RFC 2389)"},
    Verb{"OPTS", required, "UTF8 ON", not_needed, Right::none, plain, do_opts, "set an option (RFC 2389)"},
    Verb{"HELP", optional, "[VERB]", not_needed, Right::none, plain, do_help,
         "list the verbs or explain one"},
    Verb{"TYPE", required, "A|I", not_needed, Right::none, plain, do_type,
         "A: lines of text; I: bytes as they are"},
    Verb{"MODE", required, "S", not_needed, Right::none, plain, do_mode, "transfer mode: stream"},
    Verb{"STRU", required, "F", not_needed, Right::none, plain, do_stru, "file structure: file"},
    Verb{"REST", required, "BYTES", not_needed, Right::none, plain, do_rest,
         "start the next transfer there (RFC 3659)"},
    Verb{"ALLO", required, "BYTES", not_needed, Right::none, plain, do_allo,
         "announce the size of the next upload"},
    Verb{"PWD", none, "", needed, Right::none, plain, do_pwd, "print the working directory"},
    Verb{"CWD", required, "PATH", needed, Right::none, plain, do_cwd, "change the working directory"},
    Verb{"CDUP", none, "", needed, Right::none, plain, do_cdup, "change to the directory above"},
    Verb{"SIZE", required, "PATH", needed, Right::none, plain, do_size, "size of a file in bytes (RFC 3659)"},
    Verb{"MDTM", required, "PATH", needed, Right::none, plain, do_mdtm,
         "time of a file's last change (RFC 3659)"},
    Verb{"MLST", optional, "[PATH]", needed, Right::list, plain, do_mlst, "facts about one file (RFC 3659)"},
    Verb{"DELE", required, "PATH", needed, Right::remove, plain, do_dele, "delete a file"},
    Verb{"MKD", required, "PATH", needed, Right::make_directory, plain, do_mkd, "make a directory"},
    Verb{"RMD", required, "PATH", needed, Right::remove, plain, do_rmd, "remove an empty directory"},
    Verb{"PASV", none, "", needed, Right::none, plain, do_pasv, "listen for a data connection, IPv4"},
    Verb{"EPSV", optional, "[1|2|ALL]", needed, Right::none, plain, do_epsv,
         "listen for a data connection (RFC 2428)"},
    Verb{"PORT", required, "h1,h2,h3,h4,p1,p2", needed, Right::none, plain, do_port,
         "connect there for data, IPv4"},
    Verb{"EPRT", required, "|1|HOST|PORT|", needed, Right::none, plain, do_eprt,
         "connect there for data (RFC 2428)"},
    Verb{"LIST", optional, "[PATH]", needed, Right::list, transfer, do_list,
         "list a directory over a data connection"},
    Verb{"NLST", optional, "[PATH]", needed, Right::list, transfer, do_nlst, "list names only"},
    Verb{"MLSD", optional, "[PATH]", needed, Right::list, transfer, do_mlsd,
         "list facts for programs (RFC 3659)"},
    Verb{"RETR", required, "PATH", needed, Right::read, transfer, do_retr,
         "send a file over a data connection"},
    Verb{"STOR", required, "PATH", needed, Right::none, transfer, do_stor,
         "store a file from a data connection"},
    Verb{"LS", optional, "[PATH]", in_band, Right::list, plain, do_ls, "list a directory right here"},
    Verb{"GET", required, "PATH", in_band, Right::read, transfer, do_get, "send a file right here"},
    Verb{"PUT", required, "PATH", in_band, Right::none, upload_in_band, do_put,
         "store what follows: ALLO bytes, or up to your end"},
    Verb{"SITE", required, "LS|GET|PUT ...", not_needed, Right::none, plain, do_site,
         "the same three, for FTP clients"},
};

// RFC 959, 2228, 2389, 2428, 2640, 3659 and 7151, less the table.
constexpr std::array known_elsewhere{
    "ABOR", "ACCT", "ADAT", "APPE", "AUTH", "CCC",  "CONF", "ENC",  "HOST", "LANG", "LPRT", "LPSV", "MIC",
    "PBSZ", "PROT", "REIN", "RNFR", "RNTO", "SMNT", "STAT", "STOU", "XCUP", "XCWD", "XMKD", "XPWD", "XRMD",
};

} // namespace

std::span<const Verb> verb_table() { return table; }

const Verb* find_verb(std::string_view name) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const Verb& verb) { return verb.name == name; });
    return found == table.end() ? nullptr : &*found;
}

bool is_known_elsewhere(std::string_view name) {
    return std::find(known_elsewhere.begin(), known_elsewhere.end(), name) != known_elsewhere.end();
}

} // namespace ftpd
