// SPDX-License-Identifier: ISC
// The verbs of the control connection, in one table: what each takes, what a client must have to use it, the
// function that does it, its line in HELP and in FEAT. ftp-verbs(7) lists the same. Run by the session.
#pragma once

#include "ftpd/access.hh"

#include <span>
#include <string>
#include <string_view>

namespace ftpd {

class Session;

enum class Argument { none, optional, required };

enum class LoginNeed {
    not_needed,
    needed,
    in_band, // none where anonymous access is on: for a person with nothing but nc
};

// Whether it may come while a transfer runs, without an argument.
enum class DuringTransfer { waits, answered };

struct Verb {
    enum class Kind { // what it goes over
        plain,
        lengthy,          // the same, but it may take its time: ABOR ends it
        transfer,         // a data connection; uses up REST and ALLO, whatever becomes of it
        transfer_in_band, // so does this
        upload_in_band,   // and this, and a body follows the line
        lines_in_band,    // and this, and lines follow, up to a single dot
    };
    std::string_view name;
    Argument argument;
    std::string_view syntax; // of the argument
    LoginNeed login;
    Right right;
    Kind kind;
    void (*run)(Session& session, const std::string& argument);
    std::string_view help;
    std::string_view feature = {}; // its line in FEAT, if it is an extension (RFC 2389)
    DuringTransfer during_transfer = DuringTransfer::waits;

    bool uses_up_announcements() const { return kind != Kind::plain && kind != Kind::lengthy; }
};

std::span<const Verb> verb_table();
const Verb* find_verb(std::string_view name); // in upper case; "SITE CHMOD" is a name, too
// A verb of the standards that this server does not offer (502), in place of one it has never heard of (500).
bool is_known_elsewhere(std::string_view name);

// The functions, by what they are about: verbs_session.cc
void do_user(Session&, const std::string&);
void do_pass(Session&, const std::string&);
void do_acct(Session&, const std::string&);
void do_rein(Session&, const std::string&);
void do_quit(Session&, const std::string&);
void do_noop(Session&, const std::string&);
void do_syst(Session&, const std::string&);
void do_clnt(Session&, const std::string&);
void do_lang(Session&, const std::string&);
void do_type(Session&, const std::string&);
void do_mode(Session&, const std::string&);
void do_stru(Session&, const std::string&);
void do_rest(Session&, const std::string&);
void do_allo(Session&, const std::string&);
void do_smnt(Session&, const std::string&);
// verbs_tls.cc
void do_auth(Session&, const std::string&);
void do_pbsz(Session&, const std::string&);
void do_prot(Session&, const std::string&);
void do_ccc(Session&, const std::string&);
// The client has come where TLS begins with its first byte; its data connections are private until it says
// otherwise. Throws SessionOver when no relay can be had.
void begin_with_tls(Session& session);
// One of these; and whether the client may use them.
bool is_about_tls(const Verb& verb);
bool offers_tls(const Session& session);
// Throws Refusal (530, 522) where the settings want TLS for a verb.
void require_tls(const Session& session, LoginNeed login, bool uses_data);
// verbs_session.cc
void do_feat(Session&, const std::string&);
void do_opts(Session&, const std::string&);
void do_help(Session&, const std::string&);
void do_examples(Session&, const std::string&);
void do_stat(Session&, const std::string&);
// verbs_tree.cc
void do_pwd(Session&, const std::string&);
void do_cwd(Session&, const std::string&);
void do_cdup(Session&, const std::string&);
void do_size(Session&, const std::string&);
void do_mdtm(Session&, const std::string&);
void do_mlst(Session&, const std::string&);
void do_dele(Session&, const std::string&);
void do_mkd(Session&, const std::string&);
void do_rmd(Session&, const std::string&);
void do_rnfr(Session&, const std::string&);
void do_rnto(Session&, const std::string&);
void do_mfmt(Session&, const std::string&);
void do_site(Session&, const std::string&);
void do_site_help(Session&, const std::string&);
void do_site_chmod(Session&, const std::string&);
void do_site_umask(Session&, const std::string&);
void do_site_utime(Session&, const std::string&);
void do_site_cksum(Session&, const std::string&);
// verbs_transfer.cc
void do_pasv(Session&, const std::string&);
void do_epsv(Session&, const std::string&);
void do_port(Session&, const std::string&);
void do_eprt(Session&, const std::string&);
void do_abor(Session&, const std::string&);
void do_retr(Session&, const std::string&);
void do_stor(Session&, const std::string&);
void do_appe(Session&, const std::string&);
void do_stou(Session&, const std::string&);
void do_get(Session&, const std::string&);
void do_put(Session&, const std::string&);
// verbs_listing.cc
void do_list(Session&, const std::string&);
void do_nlst(Session&, const std::string&);
void do_mlsd(Session&, const std::string&);
void do_ls(Session&, const std::string&);
void list_for_stat(Session&, const std::string&); // STAT of a path
void do_site_mlsd(Session&, const std::string&);

} // namespace ftpd
