// SPDX-License-Identifier: ISC
#include "ftpd/session/verbs.hh"

#include <algorithm>
#include <array>

namespace ftpd {
namespace {

using enum Argument;
using enum LoginNeed;
using enum Verb::Kind;
using enum DuringTransfer;

constexpr std::array table{
    // name, argument, syntax, login, right, kind, function, help, feature, during a transfer
    Verb{"USER", required, "NAME", not_needed, Right::none, plain, do_user,
         "say who you are: anonymous or a user"},
    Verb{"PASS", optional, "PASSWORD", not_needed, Right::none, plain, do_pass,
         "give the password: any for anonymous"},
    Verb{"ACCT", required, "ACCOUNT", not_needed, Right::none, plain, do_acct,
         "not needed: no file here needs an account"},
    Verb{"AUTH", required, "TLS", not_needed, Right::none, plain, do_auth, "speak TLS from now on (RFC 4217)",
         "AUTH TLS"},
    Verb{"PBSZ", required, "0", not_needed, Right::none, plain, do_pbsz, "what PROT wants before it", "PBSZ"},
    Verb{"PROT", required, "P|C", not_needed, Right::none, plain, do_prot,
         "P: data connections under TLS; C: in the clear", "PROT"},
    Verb{"CCC", none, "", not_needed, Right::none, plain, do_ccc,
         "refused: the control connection stays under TLS"},
    Verb{"REIN", none, "", not_needed, Right::none, plain, do_rein, "reset the login and all settings"},
    Verb{"QUIT", none, "", not_needed, Right::none, plain, do_quit, "end the session"},
    Verb{"NOOP", optional, "", not_needed, Right::none, plain, do_noop, "do nothing", {}, answered},
    Verb{"SYST", none, "", not_needed, Right::none, plain, do_syst, "what kind of system this is"},
    Verb{"CLNT", required, "NAME", not_needed, Right::none, plain, do_clnt, "say which client you use",
         "CLNT"},
    Verb{"FEAT", none, "", not_needed, Right::none, plain, do_feat, "list the extensions (RFC 2389)"},
    Verb{"OPTS", required, "UTF8 ON|MLST [FACT;...]", not_needed, Right::none, plain, do_opts,
         "set an option (RFC 2389)"},
    Verb{"LANG", optional, "[EN]", not_needed, Right::none, plain, do_lang,
         "language of the replies (RFC 2640)", "LANG EN*"},
    Verb{"HELP", optional, "[VERB]", not_needed, Right::none, plain, do_help,
         "list the verbs or explain one"},
    Verb{"?", none, "", not_needed, Right::none, plain, do_examples, "show what a person types here"},
    Verb{"STAT",
         optional,
         "[PATH]",
         not_needed,
         Right::none,
         plain,
         do_stat,
         "show the status, also of a transfer; or list on this connection",
         {},
         answered},
    Verb{"TYPE", required, "A|I", not_needed, Right::none, plain, do_type,
         "A: lines of text; I: bytes as they are"},
    Verb{"MODE", required, "S", not_needed, Right::none, plain, do_mode, "transfer mode: stream"},
    Verb{"STRU", required, "F", not_needed, Right::none, plain, do_stru, "file structure: file"},
    Verb{"REST", required, "BYTES", not_needed, Right::none, plain, do_rest,
         "start the next transfer there (RFC 3659)", "REST STREAM"},
    Verb{"ALLO", required, "BYTES", not_needed, Right::none, plain, do_allo,
         "announce the size of the next upload"},
    Verb{"SMNT", required, "PATH", not_needed, Right::none, plain, do_smnt, "not needed: there is one tree"},
    Verb{"ABOR", none, "", not_needed, Right::none, plain, do_abor, "abort the transfer", {}, answered},
    Verb{"PWD", none, "", needed, Right::none, plain, do_pwd, "print the working directory"},
    Verb{"XPWD", none, "", needed, Right::none, plain, do_pwd, "the same, for old clients"},
    Verb{"CWD", required, "PATH", needed, Right::none, plain, do_cwd, "change the working directory"},
    Verb{"XCWD", required, "PATH", needed, Right::none, plain, do_cwd, "the same, for old clients"},
    Verb{"CDUP", none, "", needed, Right::none, plain, do_cdup, "change to the directory above"},
    Verb{"XCUP", none, "", needed, Right::none, plain, do_cdup, "the same, for old clients"},
    Verb{"SIZE", required, "PATH", needed, Right::none, plain, do_size, "size of a file in bytes (RFC 3659)",
         "SIZE"},
    Verb{"MDTM", required, "PATH", needed, Right::none, plain, do_mdtm,
         "time of a file's last change (RFC 3659)", "MDTM"},
    Verb{"MLST", optional, "[PATH]", needed, Right::list, plain, do_mlst, "facts about one file (RFC 3659)",
         "MLST"},
    Verb{"MFMT", required, "TIME PATH", needed, Right::store, plain, do_mfmt,
         "set the time of a file's last change", "MFMT"},
    Verb{"DELE", required, "PATH", needed, Right::remove, plain, do_dele, "delete a file"},
    Verb{"MKD", required, "PATH", needed, Right::make_directory, plain, do_mkd, "make a directory"},
    Verb{"XMKD", required, "PATH", needed, Right::make_directory, plain, do_mkd, "the same, for old clients"},
    Verb{"RMD", required, "PATH", needed, Right::remove, plain, do_rmd, "remove an empty directory"},
    Verb{"XRMD", required, "PATH", needed, Right::remove, plain, do_rmd, "the same, for old clients"},
    Verb{"RNFR", required, "PATH", needed, Right::rename, plain, do_rnfr, "rename this file or directory:"},
    Verb{"RNTO", required, "PATH", needed, Right::rename, lengthy, do_rnto, "this is its new name"},
    Verb{"PASV", none, "", needed, Right::none, plain, do_pasv, "listen for a data connection, IPv4"},
    Verb{"EPSV", optional, "[1|2|ALL]", needed, Right::none, plain, do_epsv,
         "listen for a data connection (RFC 2428)", "EPSV"},
    Verb{"PORT", required, "h1,h2,h3,h4,p1,p2", needed, Right::none, plain, do_port,
         "connect there for data, IPv4"},
    Verb{"EPRT", required, "|1|HOST|PORT|", needed, Right::none, plain, do_eprt,
         "connect there for data (RFC 2428)", "EPRT"},
    Verb{"LIST", optional, "[PATH]", needed, Right::list, transfer, do_list,
         "list a directory over a data connection"},
    Verb{"NLST", optional, "[PATH]", needed, Right::list, transfer, do_nlst, "list names only"},
    Verb{"MLSD", optional, "[PATH]", needed, Right::list, transfer, do_mlsd,
         "list facts for programs (RFC 3659)"},
    Verb{"RETR", required, "PATH", needed, Right::read, transfer, do_retr,
         "send a file over a data connection"},
    Verb{"STOR", required, "PATH", needed, Right::store, transfer, do_stor,
         "store a file from a data connection"},
    Verb{"APPE", required, "PATH", needed, Right::store, transfer, do_appe,
         "append to a file, or continue its upload"},
    Verb{"STOU", optional, "[NAME]", needed, Right::create, transfer, do_stou,
         "store under a new unique name"},
    Verb{"SITE CHMOD", required, "MODE PATH", needed, Right::store, plain, do_site_chmod,
         "change the permissions of a file"},
    Verb{"SITE UMASK", optional, "[MASK]", needed, Right::none, plain, do_site_umask,
         "permissions that new files do not get"},
    Verb{"SITE UTIME", required, "TIME PATH", needed, Right::store, plain, do_site_utime,
         "set the time of a file's last change"},
    Verb{"SITE CKSUM", required, "PATH", needed, Right::read, plain, do_site_cksum,
         "checksum and size of a file, as cksum prints them"},
    Verb{"SITE MLSD", optional, "[PATH]", in_band, Right::list, plain, do_site_mlsd,
         "list facts for programs on this connection", "SITE MLSD"},
    Verb{"LS", optional, "[PATH]", in_band, Right::list, plain, do_ls, "list a directory on this connection"},
    Verb{"GET", required, "PATH", in_band, Right::read, transfer_in_band, do_get,
         "send a file on this connection"},
    Verb{"PUT", required, "PATH", in_band, Right::store, upload_in_band, do_put,
         "store what follows: ALLO bytes, or all up to the end of input", "PUT"},
    Verb{"WRITE", required, "PATH", in_band, Right::store, lines_in_band, do_put,
         "store the lines that follow, up to a line with a single dot", "WRITE"},
    Verb{"SITE", required, "VERB ...", not_needed, Right::none, plain, do_site,
         "LS, GET, PUT, WRITE, MLSD, CHMOD, UMASK, UTIME, CKSUM or HELP"},
    Verb{"SITE HELP", none, "", not_needed, Right::none, plain, do_site_help, "list the verbs of SITE"},
};

// RFC 2228, 2389, 2428, 2640 and 7151, less the table.
constexpr std::array known_elsewhere{
    "ADAT", "CONF", "ENC", "HOST", "LPRT", "LPSV", "MIC",
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
