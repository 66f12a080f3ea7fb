// SPDX-License-Identifier: ISC
#include "common/tls/server_trust.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace common {
namespace {

// For the shell.
std::string quote_for_shell(std::string_view path) {
    std::string all = "'";
    for (const char c : path) all += c == '\'' ? std::string{"'\\''"} : std::string{c};
    return all + '\'';
}

std::string read_answer() {
    std::string line;
    constexpr std::size_t most = 256;
    for (char byte = '\0'; line.size() < most;) {
        if (checked("read", "the answer", [&] { return ::read(STDIN_FILENO, &byte, 1); }) == 0)
            throw UserError("no answer was given");
        if (byte == '\n') break;
        line += byte;
    }
    return line;
}

} // namespace

void ServerTrust::judge(const ServerCertificate& certificate) {
    const std::string shown = show_fingerprint(certificate.fingerprint), key = hex_of(certificate.key);
    if (!wish_.pin.empty() && wish_.pin != pin_new) {
        if (hex_of(certificate.fingerprint) == wish_.pin) return;
        throw PeerError(text("its certificate is another than --pin says: ", shown));
    }
    if (key == accepted_) return;
    const std::string before = accepted_;
    const KnownServer known = certificate.doubt.empty() ? KnownServer{} : known_.find(server_);
    if (certificate.doubt.empty() || std::ranges::find(known.keys, key) != known.keys.end()) {
        accepted_ = key;
        return;
    }
    const std::string why = escape(certificate.doubt);
    if (known.line != 0)
        throw PeerError(text("THE CERTIFICATE OF ", escape(server_),
                             " HAS CHANGED: somebody may be between you and the server, or it has a new one, "
                             "which proves nothing: ",
                             why, ".\nIts fingerprint is now ", shown,
                             ".\nThe one that was accepted stands in line ", known.line, " of ",
                             known_.path(),
                             "; if the server's owner tells you that this is right, remove it:\n  sed -i ",
                             known.line, "d ", quote_for_shell(known_.path())));
    if (!before.empty())
        throw PeerError(text("THE CERTIFICATE OF ", escape(server_),
                             " HAS CHANGED since the first connection: somebody may be between you and the "
                             "server, or it has a new one, which proves nothing: ",
                             why, ".\nIts fingerprint is now ", shown));
    if (wish_.pin == pin_new) return keep(key);
    if (!ask_)
        throw PeerError(text("its certificate proves nothing: ", why, ".\nIts fingerprint is ", shown,
                             ".\nAt a terminal you would be asked whether that is right; --pin='",
                             shown.substr(shown.find(' ') + 1), "' says so"));
    if (!ask_(text("The certificate of ", escape(server_), " proves nothing: ", why, ".\nIts fingerprint is ",
                   shown, ".\nGo on, and know this server by it from now on (yes/no)? ")))
        throw PeerError("its certificate was not accepted");
    keep(key);
}

// Who cannot keep it has accepted it for this time.
void ServerTrust::keep(const std::string& key) {
    accepted_ = key;
    try {
        known_.add(server_, key);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: the certificate will be asked for again\n", error.what());
    }
}

ServerTrust::Ask ask_at_terminal() {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return nullptr;
    return [](std::string_view words) {
        std::string question{words};
        for (;;) {
            checked("write to", "standard error",
                    [&] { return ::write(STDERR_FILENO, question.data(), question.size()); });
            const std::string answer = read_answer();
            if (equal_ignoring_case(answer, "yes")) return true;
            if (equal_ignoring_case(answer, "no")) return false;
            question = "Please type yes or no: ";
        }
    };
}

} // namespace common
