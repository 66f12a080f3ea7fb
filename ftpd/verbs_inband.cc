// SPDX-License-Identifier: ISC
// GET and PUT on the control connection itself, for a person with nothing but nc, and for fcp. A body is
// exactly as long as was announced, never padded, never taken for commands. Run by the session.
#include "ftpd/verbs.hh"

#include "common/cksum.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/refusal.hh"
#include "ftpd/session.hh"
#include "ftpd/throttle.hh"
#include "ftpd/transfer_report.hh"
#include "ftpd/upload.hh"

#include <algorithm>
#include <unistd.h>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t buffer_size = 256 * 1024; // bytes

// Reads the body to its end: the announced length, or the end of the client's input. False when the input
// ended before the announced length.
bool receive_body(Session& s, Upload& upload, Cksum& sum) {
    Throttle throttle{s.limits().rate_up};
    const std::uint64_t piece =
        std::min<std::uint64_t>(buffer_size, s.memory.body_left.value_or(buffer_size));
    std::vector<char> buffer(throttle.piece(static_cast<std::size_t>(piece)));
    while (s.memory.body_left.value_or(1) > 0) {
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(s.memory.body_left.value_or(buffer.size()), buffer.size()));
        const std::size_t got = s.control.receive_body(std::span{buffer}.first(wanted));
        if (got == 0) return !s.memory.body_left;
        if (s.memory.body_left) *s.memory.body_left -= got;
        upload.write({buffer.data(), got});
        sum.add({buffer.data(), got});
        s.status.add_received(got);
        s.control.pause_until(throttle.pay(got, Clock::now()));
        if (s.memory.body_left != 0U) s.control.look_around();
    }
    return true;
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
    report.complete();
    s.control.reply(226, result_of(sum, path));
}

void do_put(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const bool has_length = s.memory.announced.has_value();
    Upload upload{s.tree, path, s.memory.restart,
                  s.upload_policy(s.memory.restart, has_length ? Replace::if_allowed : Replace::never)};
    s.status.begin("PUT", path, s.memory.announced.value_or(0));
    TransferReport report{s, Direction::upload, path, false};
    s.control.reply(150, has_length ? text("Send ", *s.memory.announced, " bytes.")
                                    : "Send, and end your input when done (nc -N does).");
    Cksum sum;
    try {
        if (!receive_body(s, upload, sum))
            throw Refusal{426, text("Your input ended ", *s.memory.body_left, " bytes early: ", escape(path),
                                    " is kept to be continued.")};
    } catch (const std::system_error& error) {
        throw upload.explain_failure(error);
    }
    upload.complete();
    report.complete();
    s.control.reply(226, result_of(sum, path));
}

} // namespace ftpd
