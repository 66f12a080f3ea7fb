// SPDX-License-Identifier: ISC
#include "chatd/chat/chat_options.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "common/url.hh"

#include <algorithm>
#include <cstring>

using namespace common;

namespace chatd {
namespace {

constexpr std::size_t max_language = 16; // bytes of its name

bool is_path(std::string_view operand) {
    return operand.substr(0, 5) == "unix:" || operand.find('/') != operand.npos;
}

bool has_port(std::string_view operand) { return operand.find(':') != operand.npos && operand.back() != ']'; }

// chat://[NAME@]HOST[:PORT][/ROOM]: what stands at ROOM is said where the code of a room is asked for. chats:
// with TLS.
void take_url(std::string_view scheme, std::string_view word, ChatOptions& wanted) {
    const Url url = parse_url(scheme, word);
    const auto refuse = [&](std::string_view why) {
        throw UsageError(text(scheme, "://", escape(url.host), ": ", why));
    };
    if (scheme == "chats") wanted.tls.mode = TlsWish::Mode::implicit;
    if (url.password) refuse("a URL cannot contain a password: it is asked for");
    if (std::any_of(url.path.begin(), url.path.end(), [](unsigned char c) { return c < ' '; }))
        refuse("a room's name cannot contain control characters");
    if (url.path.find('/') != url.path.npos) refuse("only one room may follow the server: chat://HOST/ROOM");
    if (!url.path.empty() && wanted.code) refuse("the room is given twice, in the URL and after it");
    wanted.name = url.user;
    wanted.server = url.host.find(':') == url.host.npos ? url.host : text('[', url.host, ']');
    if (url.port != 0) wanted.server += text(':', url.port);
    if (!url.path.empty()) wanted.code = url.path;
}

} // namespace

std::vector<Option> chat_options(ChatOptions& wanted) {
    using Action = ChatOptions::Action;
    std::vector<Option> options{
        {'l', "en|zh", "speak this language",
         [&](std::string_view language) {
             if (language.empty() || language.size() > max_language)
                 throw UsageError(text("there is no language `", escape(language), "'"));
             wanted.language = language;
         }},
        {'p', "", "speak plain lines, without a terminal's conveniences",
         [&](auto) { wanted.is_lines_only = true; }},
        {'\0', "", "speak TLS, or not at all", [&](auto) { wanted.tls.mode = TlsWish::Mode::implicit; },
         "tls"},
    };
    for (Option& option : tls_options(wanted.tls)) options.push_back(std::move(option));
    options.push_back(
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }});
    options.push_back(
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }});
    return options;
}

void take_operands(const std::vector<std::string>& operands, ChatOptions& wanted) {
    if (wanted.action != ChatOptions::Action::talk) return;
    if (operands.empty() || operands.size() > 2)
        throw UsageError("say which server: [NAME@]HOST, [NAME@]HOST:PORT, chat://[NAME@]HOST[:PORT][/ROOM] "
                         "or the PATH of "
                         "a socket, followed by the code of a room");
    if (operands.size() == 2) wanted.code = operands[1];
    for (const std::string_view scheme : {"chat", "chats"})
        if (is_url(scheme, operands[0])) return take_url(scheme, operands[0], wanted);
    std::string_view server = operands[0];
    // A path may have an @ in it.
    if (const std::size_t at = server.find('@'); at != server.npos && !is_path(server.substr(0, at))) {
        if (at == 0) throw UsageError("there is no name before the @");
        wanted.name = server.substr(0, at);
        server.remove_prefix(at + 1);
    }
    wanted.server = server;
}

std::vector<Address> server_addresses(std::string_view operand, std::uint16_t usual_port) {
    if (operand.substr(0, 5) == "unix:") return resolve_address(operand);
    if (operand.find('/') != operand.npos) return {Address::of_path(operand)};
    return resolve_address(has_port(operand) ? std::string{operand} : text(operand, ':', usual_port));
}

std::string server_host(std::string_view operand) {
    if (is_path(operand)) return {};
    std::string_view host = operand.substr(0, has_port(operand) ? operand.rfind(':') : operand.npos);
    if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
    return std::string{host};
}

} // namespace chatd
