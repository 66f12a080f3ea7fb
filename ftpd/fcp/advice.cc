// SPDX-License-Identifier: ISC
#include "ftpd/fcp/advice.hh"

#include "common/text.hh"
#include "ftpd/path.hh"

using namespace common;

namespace ftpd {
namespace {

std::string quote_for_shell(std::string_view word) {
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    }
    return quoted + '\'';
}

// A word of lftp's own language.
std::string quote_for_lftp(std::string_view word) {
    std::string quoted = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

// The same, where stars and the like keep their meaning.
std::string quote_pattern_for_lftp(std::string_view word) {
    std::string quoted;
    for (const char c : word) {
        if (std::string_view{" \t\n\"'\\;&|<>!#"}.find(c) != std::string_view::npos) quoted += '\\';
        quoted += c;
    }
    return quoted;
}

// With the user in it, who is then looked up in ~/.netrc.
std::string server_url(const Wish& wish, bool with_user) {
    const RemoteName& remote = wish.remote;
    const std::string user =
        with_user && !remote.user.empty() ? encode_for_url(remote.user) + '@' : std::string{};
    const bool is_implicit = wish.tls == TlsWish::Mode::implicit;
    return text(is_implicit ? "ftps://" : "ftp://", user, address_text(remote.host, wish.port));
}

std::string curl_command(const Wish& wish) {
    using Use = Wish::Use;
    // A path of ftp: URLs begins where the login does; one from the top has its slash written out.
    const std::string_view path = wish.remote.path;
    const bool from_top = path.substr(0, 1) == "/";
    std::string url = text(server_url(wish, wish.password_in_netrc), '/', from_top ? "%2F" : "",
                           encode_for_url(path.substr(from_top)));
    if (wish.use == Use::list && url.back() != '/') url += '/';
    std::string command = wish.tls == TlsWish::Mode::required ? "curl --ssl-reqd " : "curl ";
    if (wish.password_in_netrc)
        command += "-n ";
    else if (!wish.remote.user.empty())
        command += text("-u ", quote_for_shell(wish.remote.user), ' ');
    if (wish.use == Use::fetch) command += text("-o ", quote_for_shell(wish.local), ' ');
    if (wish.use == Use::send) command += text("-T ", quote_for_shell(wish.local), ' ');
    return command + quote_for_shell(url);
}

// Where a tree that is sent arrives. A folder that is there already is known to the server alone.
std::string target_of_tree(const Wish& wish) {
    const std::string& path = wish.remote.path;
    if (!path.empty() && path.back() != '/') return path;
    const std::string_view name = name_of_copy(wish.local);
    if (name.empty()) return path.empty() ? "." : path;
    return join_path(path, name);
}

std::string lftp_command(const Wish& wish) {
    const std::string path = wish.remote.path.empty() ? "." : wish.remote.path;
    std::string order;
    switch (wish.use) {
    case Wish::Use::list: order = text("find ", quote_for_lftp(path)); break;
    case Wish::Use::fetch:
        order = wish.recursive
                    ? text("mirror ", quote_for_lftp(path), ' ', quote_for_lftp(wish.local))
                    : text("mget -O ", quote_for_lftp(wish.local), ' ', quote_pattern_for_lftp(path));
        break;
    case Wish::Use::send:
        order = text("mirror -R ", quote_for_lftp(wish.local), ' ', quote_for_lftp(target_of_tree(wish)));
        break;
    }
    const std::string_view first =
        wish.tls == TlsWish::Mode::required ? "set ftp:ssl-force true; set ftp:ssl-protect-data true; " : "";
    return text("lftp -e ", quote_for_shell(text(first, order, "; quit")), ' ',
                quote_for_shell(server_url(wish, true)));
}

} // namespace

bool is_pattern(std::string_view path) {
    return path.substr(path.rfind('/') + 1).find_first_of("*?[") != path.npos; // npos + 1 is 0
}

std::string command_for(const Wish& wish) {
    const bool is_for_lftp = wish.recursive || (wish.use == Wish::Use::fetch && is_pattern(wish.remote.path));
    return is_for_lftp ? lftp_command(wish) : curl_command(wish);
}

} // namespace ftpd
