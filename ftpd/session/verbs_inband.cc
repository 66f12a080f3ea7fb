// SPDX-License-Identifier: ISC
// GET, PUT and WRITE on the control connection itself, for a person with nothing but nc, and for fcp. A body
// is exactly as long as was announced, never padded, never taken for commands. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/cksum.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/throttle.hh"
#include "ftpd/session/transfer_report.hh"
#include "ftpd/session/upload.hh"

#include <algorithm>
#include <unistd.h>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t buffer_size = 256 * 1024; // bytes

// Stores the body as it comes, to its end. False when the client's input ended before that.
bool receive_body(Session& s, Upload& upload, Cksum& sum) {
    Throttle throttle{s.limits().rate_up};
    Body& body = *s.memory.body;
    const std::size_t piece = throttle.piece(buffer_size);
    for (;;) {
        const std::string_view bytes = body.receive(s.control, piece);
        if (bytes.empty()) return body.is_whole();
        upload.write(bytes);
        sum.add(bytes);
        s.status.add_received(bytes.size());
        s.control.pause_until(throttle.pay(bytes.size(), Clock::now()));
        if (!body.is_whole()) s.control.look_around();
    }
}

std::string how_to_send(const Session& s, const Body& body) {
    if (body.is_counted()) return text("Send ", body.left(), " bytes.");
    if (body.is_to_end())
        return "Send, and end your input when done (nc -N does); by hand, WRITE takes lines up to a lone "
               "dot.";
    return text("Send lines, and then one that is a dot", s.control.is_telnet() ? ", or Ctrl-D." : ".");
}

std::string why_not_whole(const Body& body, std::string_view path) {
    const std::string early = body.is_counted() ? text(body.left(), " bytes early") : "before a lone dot";
    return text("Your input ended ", early, ": ", escape(path), " is kept to be continued.");
}

std::string result_of(const Cksum& sum, std::string_view path) {
    return text(sum.shown(), ' ', escape(last_component(path)));
}

} // namespace

void do_get(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const OpenFile file = s.tree.open_file(path);
    const off_t size = file.status.st_size;
    auto offset = static_cast<off_t>(s.memory.restart);
    if (offset > size)
        throw Refusal{554, text("The file has only ", size, " bytes: restart there or before.")};
    s.status.begin("GET", path, static_cast<std::uint64_t>(size - offset));
    TransferReport report{s, Direction::download, path, false};
    s.control.reply(150, text(size - offset, " bytes follow"));
    Throttle throttle{s.limits().rate_down};
    const auto piece = std::min<off_t>(size - offset, static_cast<off_t>(throttle.piece(buffer_size)));
    std::vector<char> buffer(static_cast<std::size_t>(piece));
    Cksum sum;
    while (offset < size) {
        const auto wanted = static_cast<std::size_t>(std::min(size - offset, piece));
        const ssize_t got = retry([&] { return ::pread(file.fd.get(), buffer.data(), wanted, offset); });
        if (got <= 0) {
            // The length has been promised; the one honest way left to say so is to break off.
            s.log(Severity::warning, text("broke off ", escape(path), ": it shrank or cannot be read"));
            throw SessionOver{SessionOver::Reason::protocol};
        }
        const std::string_view bytes{buffer.data(), static_cast<std::size_t>(got)};
        s.control.send_body(bytes);
        sum.add(bytes);
        offset += got;
        s.status.add_sent(bytes.size());
        s.control.pause_until(throttle.pay(bytes.size(), Clock::now()));
        if (offset < size) s.control.look_around();
    }
    report.complete(static_cast<std::uint64_t>(size));
    s.control.reply(226, result_of(sum, path));
}

// WRITE, too: they differ in the body that the session expects behind them.
void do_put(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    Body& body = *s.memory.body;
    // An early death looks like the end of the input.
    const Replace replace = body.is_to_end() ? Replace::never : Replace::if_allowed;
    Upload upload{s.tree, path, s.memory.restart, s.upload_policy(s.memory.restart, replace)};
    s.status.begin(s.status.activity().verb, path, body.left());
    TransferReport report{s, Direction::upload, path, false};
    body.begin(s.control, how_to_send(s, body));
    Cksum sum;
    try {
        if (!receive_body(s, upload, sum)) throw Refusal{426, why_not_whole(body, path)};
    } catch (const std::system_error& error) {
        throw upload.explain_failure(error);
    }
    report.complete(upload.complete());
    s.control.reply(226, result_of(sum, path));
}

} // namespace ftpd
