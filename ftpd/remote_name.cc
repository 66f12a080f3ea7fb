// SPDX-License-Identifier: ISC
#include "ftpd/remote_name.hh"

#include "common/errors.hh"
#include "common/text.hh"

using namespace common;

namespace ftpd {
namespace {

bool is_ipv6(std::string_view host) { return host.find(':') != host.npos; }

bool ends_in_slash(std::string_view path) { return !path.empty() && path.back() == '/'; }

// What stands behind the last slash; no value for what cannot be a file's name.
std::optional<std::string_view> file_name(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1); // npos + 1 is 0
    if (name.empty() || name == "." || name == "..") return {};
    return name;
}

} // namespace

std::string RemoteName::shown() const {
    return escape(is_ipv6(host) ? text('[', host, "]:", path) : text(host, ':', path));
}

std::optional<RemoteName> parse_remote_name(std::string_view word) {
    if (const std::size_t bracket = word.find("]:"); word.substr(0, 1) == "[" && bracket != word.npos) {
        const std::string_view host = word.substr(1, bracket - 1);
        if (is_ipv6(host) && host.find('/') == host.npos)
            return RemoteName{std::string{host}, std::string{word.substr(bracket + 2)}};
    }
    const std::size_t colon = word.find(':');
    if (colon == word.npos || word.find('/') < colon) return {};
    const std::string_view host = word.substr(0, colon);
    if (host.empty())
        throw UserError(text(escape(word), ": the host is missing: write HOST:PATH, or ./", escape(word),
                             " for a local file"));
    if (host.front() == '[')
        throw UserError(text(escape(word), ": write an IPv6 address as in [::1]:PATH, or ./", escape(word),
                             " for a local file"));
    return RemoteName{std::string{host}, std::string{word.substr(colon + 1)}};
}

std::string address_text(std::string_view host, std::uint16_t port) {
    return is_ipv6(host) ? text('[', host, "]:", port) : text(host, ':', port);
}

std::string local_target(std::string_view local, bool is_directory, const RemoteName& remote) {
    if (!is_directory && !remote.path.empty()) return std::string{local};
    const std::optional<std::string_view> name = file_name(remote.path);
    if (!name)
        throw UserError(text(remote.shown(), " names no file: fcp copies single files (fls lists folders)"));
    return text(local, ends_in_slash(local) ? "" : "/", *name);
}

std::string remote_target(const RemoteName& remote, std::string_view local) {
    if (!remote.path.empty() && !ends_in_slash(remote.path)) return remote.path;
    if (local == "-") throw UserError(text("standard input has no name: write ", remote.shown(), "NAME"));
    const std::optional<std::string_view> name = file_name(local);
    if (!name) throw UserError(text(escape(local), " names no file: fcp copies single files"));
    return text(remote.path, *name);
}

} // namespace ftpd
