// SPDX-License-Identifier: ISC
#include "ftpd/fcp/remote_host.hh"

#include "common/ask_password.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/fcp/netrc.hh"

#include <algorithm>
#include <cstdlib>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

constexpr auto anonymous = "anonymous";

bool has_line(std::string_view reply, std::string_view feature) {
    const std::vector<std::string> lines = split_lines(reply);
    return std::ranges::any_of(lines, [&](std::string_view line) {
        return line.substr(0, 1) == " " && equal_ignoring_case(line.substr(1), feature);
    });
}

Reply expect(ServerLink& link, int code) {
    Reply reply = link.read_reply();
    if (reply.code != code) throw PeerError(words_of(reply));
    return reply;
}

} // namespace

RemoteHost::RemoteHost(const RemoteName& name, std::uint16_t port, bool input_is_taken,
                       std::optional<TlsClient> tls, std::function<void(std::string_view)> hint)
    : host_(name.host),
      port_(port),
      user_(name.user),
      input_is_taken_(input_is_taken),
      tls_(std::move(tls)),
      hint_(std::move(hint)) {
    if (name.password) password_.emplace(*name.password);
    const char* const home = std::getenv("HOME");
    if (!password_ && home != nullptr && *home != '\0')
        if (std::optional<NetrcEntry> known = read_login(text(home, "/.netrc"), host_, user_)) {
            if (user_.empty()) user_ = known->user;
            password_ = std::move(known->password);
            password_in_netrc_ = password_.has_value();
        }
    if (user_.empty()) user_ = anonymous;
    if (user_ == anonymous && !password_) password_.emplace("fcp@");
}

// Up to the login.
ServerLink RemoteHost::reach() {
    const auto connect = [&] {
        try {
            return ServerLink{addresses_, patience};
        } catch (const std::system_error& error) {
            throw UserError(
                text(error.what(), "\nis ftpd running there? -P, or a URL, selects another port"));
        }
    };
    if (!tls_) {
        ServerLink link = connect();
        expect(link, 220);
        return link;
    }
    SecuredConnection relay = tls_->start();
    ServerLink link = connect();
    if (!tls_->is_implicit()) {
        expect(link, 220);
        link.say("AUTH TLS");
        const Reply reply = link.read_reply();
        if (reply.code != 234)
            throw PeerError(text("there is no TLS, and nothing was said in the clear: ", words_of(reply)));
    }
    link.secure(*tls_, std::move(relay));
    if (tls_->is_implicit()) expect(link, 220);
    return link;
}

ServerLink RemoteHost::connect() {
    if (addresses_.empty()) addresses_ = resolve_address(address_text(host_, port_));
    ServerLink link = reach();
    // The first line fixes CR LF as the end of lines; only then may a path hold an LF.
    link.say("NOOP");
    link.say("FEAT");
    link.say("USER " + user_);
    link.read_reply(); // some servers want a login before they do nothing
    const Reply features = link.read_reply();
    const Reply to_user = link.read_reply();
    if (features.code != 211 || !has_line(features.text, "PUT") || !has_line(features.text, "SITE MLSD"))
        throw LacksVerbs(text(escape(host_),
                              " lacks the commands that fcp and fls use (PUT and SITE MLSD, which "
                              "ftpd has)"),
                         user_ == anonymous ? "" : user_, password_in_netrc_);
    if (to_user.code == 530 && !tls_ && has_line(features.text, "AUTH TLS"))
        throw PeerError(text(words_of(to_user), " (--tls does that)"));
    if (to_user.code == 331 && user_ != anonymous && !tls_ && hint_ && link.crosses_network() &&
        has_line(features.text, "AUTH TLS"))
        std::exchange(hint_, nullptr)(
            text(escape(host_), ": the password goes in the clear; --tls would protect it"));
    log_in(link, to_user);
    return link;
}

void RemoteHost::log_in(ServerLink& link, const Reply& to_user) {
    if (to_user.code == 230) return;
    if (to_user.code != 331) throw PeerError(words_of(to_user));
    if (!password_) find_password();
    std::string line = text("PASS ", password_->view());
    link.say(line);
    erase_bytes(line);
    const Reply reply = link.read_reply();
    if (reply.code == 230) return;
    if (user_ == anonymous)
        throw PeerError(
            text(words_of(reply), " (as anonymous: USER@HOST:PATH or ~/.netrc names another user)"));
    throw PeerError(text(words_of(reply), " (as ", escape(user_), ')'));
}

void RemoteHost::find_password() {
    if (input_is_taken_)
        throw UserError(text("the password of ", escape(user_),
                             " cannot be asked for because standard input is "
                             "what is copied: put it into ~/.netrc"));
    password_ = ask_password(text("Password of ", escape(user_), " at ", escape(host_)), Times::once);
}

} // namespace ftpd
