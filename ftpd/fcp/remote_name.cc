// SPDX-License-Identifier: ISC
#include "ftpd/fcp/remote_name.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "common/url.hh"

using namespace common;

namespace ftpd {
namespace {

constexpr std::uint16_t ftp_port = 21;   // RFC 1738, section 3.2
constexpr std::uint16_t ftps_port = 990; // RFC 4217, section 16

bool is_ipv6(std::string_view host) { return host.find(':') != host.npos; }

} // namespace

std::string RemoteName::shown(std::string_view other_path) const {
    return escape(is_ipv6(host) ? text('[', host, "]:", other_path) : text(host, ':', other_path));
}

std::optional<RemoteName> parse_remote_name(std::string_view word) {
    const auto refuse = [&](std::string_view why) {
        return UserError(text(escape(word), ": ", why, ", or ./", escape(word), " for a local file"));
    };
    for (const std::string_view scheme : {"ftp", "ftps"}) {
        if (!is_url(scheme, word)) continue;
        Url url = parse_url(scheme, word);
        const bool begins_with_tls = scheme == "ftps";
        const std::uint16_t usual_port = begins_with_tls ? ftps_port : ftp_port;
        return RemoteName{std::move(url.user),
                          std::move(url.host),
                          std::move(url.path),
                          std::move(url.password),
                          url.port == 0 ? usual_port : url.port,
                          begins_with_tls};
    }
    if (const std::size_t bracket = word.find("]:"); bracket != word.npos) {
        const std::size_t start = word.find('[');
        const std::string_view user = word.substr(0, start);
        const std::string_view host = word.substr(start + 1, bracket - start - 1);
        const bool has_user = user.size() > 1 && user.back() == '@' && user.find_first_of("/:") == user.npos;
        if (start < bracket && (user.empty() || has_user) && is_ipv6(host) && host.find('/') == host.npos)
            return RemoteName{std::string{user.substr(0, user.size() - has_user)}, std::string{host},
                              std::string{word.substr(bracket + 2)}};
    }
    const std::size_t colon = word.find(':');
    if (colon == word.npos || word.find('/') < colon) return {};
    std::string_view host = word.substr(0, colon);
    const std::size_t at = host.rfind('@');
    const std::string_view user = host.substr(0, at == host.npos ? 0 : at);
    if (at != host.npos) host.remove_prefix(at + 1);
    if (host.empty()) throw refuse("the host is missing: write HOST:PATH");
    if (at == 0) throw refuse("the user is missing: write USER@HOST:PATH");
    if (host.front() == '[') throw refuse("write an IPv6 address as in [::1]:PATH");
    return RemoteName{std::string{user}, std::string{host}, std::string{word.substr(colon + 1)}};
}

std::string address_text(std::string_view host, std::uint16_t port) {
    return is_ipv6(host) ? text('[', host, "]:", port) : text(host, ':', port);
}

std::string_view name_of_copy(std::string_view path) {
    while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    const std::string_view name = path.substr(path.rfind('/') + 1); // npos + 1 is 0
    return name == "." || name == ".." ? std::string_view{} : name;
}

std::string join_path(std::string_view folder, std::string_view name) {
    return text(folder, folder.empty() || folder.back() == '/' ? "" : "/", name);
}

} // namespace ftpd
