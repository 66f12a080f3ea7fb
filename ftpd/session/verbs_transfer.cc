// SPDX-License-Identifier: ISC
// Verbs that move a file over a data connection: RETR, STOR, APPE, STOU. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/errors.hh"
#include "common/file_to_socket.hh"
#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/ascii.hh"
#include "ftpd/session/data_channel.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/throttle.hh"
#include "ftpd/session/transfer_report.hh"
#include "ftpd/session/upload.hh"

#include <memory>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;       // bytes
constexpr std::size_t received_at_once = 1024 * 1024; // bytes: much comes meanwhile, in fewer turns
constexpr std::uint64_t look_around_every = 1048576;  // bytes: a slow disk may take a second for a few

void send_binary(Session& s, DataConnection& data, int file, off_t from, off_t size) {
    Throttle throttle{s.limits().rate_down};
    for (std::uint64_t next_look = look_around_every; from < size;) {
        const off_t before = from;
        const auto left = static_cast<std::size_t>(size - from);
        const bool ends_with_this = left <= last_piece && !throttle.limits();
        const auto copy = ends_with_this ? copy_last_to_socket : copy_file_to_socket;
        const IoResult moved = copy(file, from, throttle.piece(left), data.fd());
        const auto sent = static_cast<std::size_t>(from - before);
        s.status.add_sent(sent);
        switch (moved.state) {
        case IoState::done: break;
        case IoState::would_block: data.wait_until_writable(); break;
        case IoState::ended: throw Refusal{451, text("The file has shrunk to ", from, " bytes meanwhile.")};
        case IoState::vanished: throw Refusal{426, "The data connection was broken off."};
        }
        if (throttle.limits()) s.control.pause_until(throttle.pay(sent, Clock::now()));
        if (static_cast<std::uint64_t>(from) < next_look) continue;
        s.control.look_around();
        next_look = static_cast<std::uint64_t>(from) + look_around_every;
    }
}

void send_text(Session& s, DataConnection& data, int file, off_t from) {
    Throttle throttle{s.limits().rate_down};
    std::vector<char> buffer(throttle.piece(buffer_size));
    ToNetwork convert;
    std::string converted;
    for (;;) {
        const auto got =
            checked("read", {}, [&] { return ::pread(file, buffer.data(), buffer.size(), from); });
        if (got == 0) return;
        from += got;
        converted.clear();
        convert.convert({buffer.data(), static_cast<std::size_t>(got)}, converted);
        data.send(converted);
        s.status.add_sent(converted.size());
        s.control.pause_until(throttle.pay(converted.size(), Clock::now()));
        s.control.look_around();
    }
}

void receive_into(Session& s, DataConnection& data, Upload& upload) {
    Throttle throttle{s.limits().rate_up};
    const std::size_t size = throttle.piece(received_at_once);
    const auto buffer = std::make_unique_for_overwrite<char[]>(size); // most of it may remain untouched
    FromNetwork convert;
    std::string converted;
    std::uint64_t until_look = look_around_every;
    while (const std::size_t got = data.receive({buffer.get(), size})) {
        if (s.control.saw_end_of_input()) return; // nothing more is written for a client that is gone
        const std::string_view bytes{buffer.get(), got};
        if (s.memory.type == Type::ascii) {
            converted.clear();
            convert.convert(bytes, converted);
            upload.write(converted);
        } else
            upload.write(bytes);
        s.status.add_received(got);
        s.control.pause_until(throttle.pay(got, Clock::now()));
        if (until_look > got) {
            until_look -= got;
            continue;
        }
        s.control.look_around();
        until_look = look_around_every;
    }
    converted.clear();
    convert.finish(converted);
    upload.write(converted);
}

void store(Session& s, Upload& upload, std::string_view greeting) {
    s.control.reply(150, greeting);
    s.control.flush(); // most clients send nothing before
    s.status.begin(s.status.activity().verb, upload.path(), s.memory.announced.value_or(0));
    TransferReport report{s, Direction::upload, upload.path(), s.memory.type == Type::ascii};
    DataConnection data = s.data.open();
    const std::string shown = escape(upload.path());
    try {
        receive_into(s, data, upload);
    } catch (const std::system_error& error) {
        const Refusal why = upload.explain_failure(error);
        data.discard_rest();
        throw why;
    }
    // In stream mode the end of the data is the end of the file; but a client that dies ends both
    // connections.
    if (s.control.input_ended())
        throw Refusal{426, text("You are gone, so this end of data is no end of file: ", shown,
                                " is kept to be continued.")};
    const std::uint64_t size = upload.complete();
    data.close();
    report.complete(size);
    s.control.reply(226, text("Stored ", shown, '.'));
}

// By a file or by what is left of an upload.
bool is_taken(Session& s, const std::string& path) {
    try {
        s.tree.entry(path);
        return true;
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT) throw;
        return partial_size(s.tree, path).has_value();
    }
}

} // namespace

void do_retr(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const OpenFile file = s.tree.open_file(path);
    const off_t size = file.status.st_size;
    const auto from = static_cast<off_t>(s.memory.restart);
    if (from > size) throw Refusal{554, text("The file has only ", size, " bytes: restart there or before.")};
    s.data.check_prepared();
    const bool binary = s.memory.type == Type::binary;
    s.control.reply(150, binary ? text("Here comes ", escape(path), " (", size - from, " bytes).")
                                : text("Here comes ", escape(path), " as text."));
    // A small file goes together with both replies; a disk may be slow with a large one.
    if (size - from > static_cast<off_t>(last_piece)) s.control.flush();
    s.status.begin("RETR", path, static_cast<std::uint64_t>(size - from));
    TransferReport report{s, Direction::download, path, !binary};
    DataConnection data = s.data.open();
    if (binary)
        send_binary(s, data, file.fd.get(), from, size);
    else
        send_text(s, data, file.fd.get(), from);
    data.close();
    report.complete(static_cast<std::uint64_t>(size));
    s.control.reply(226, text("Sent ", size - from, " bytes."));
}

void do_stor(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.data.check_prepared();
    Upload upload{s.tree, path, s.memory.restart, s.upload_policy(s.memory.restart, Replace::if_allowed)};
    store(s, upload, text("Send ", escape(path), '.'));
}

// After REST it is STOR: RFC 3659, section 5.3, leaves that open.
void do_appe(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.data.check_prepared();
    const std::uint64_t offset = s.memory.restart > 0 ? s.memory.restart : size_so_far(s.tree, path);
    Upload upload{s.tree, path, offset, s.upload_policy(offset, Replace::if_allowed)};
    store(s, upload, text("Send what follows byte ", offset, " of ", escape(path), '.'));
}

void do_stou(Session& s, const std::string& argument) {
    if (s.memory.restart > 0) throw Refusal{554, "A new file has no byte to restart at: REST is for STOR."};
    const std::string wanted = s.resolve(argument.empty() ? "upload" : argument);
    s.data.check_prepared();
    constexpr int most_tries = 1000;
    for (int number = 0; number < most_tries; ++number) {
        const std::string path = number == 0 ? wanted : text(wanted, '.', number);
        if (is_taken(s, path)) continue;
        std::optional<Upload> upload;
        try {
            upload.emplace(s.tree, path, 0, s.upload_policy(0, Replace::never));
        } catch (const Refusal&) {
            if (!is_taken(s, path)) throw; // else by another session, just now
            continue;
        }
        // This form is what clients read the name from (RFC 1123, section 4.1.2.9).
        return store(s, *upload, text("FILE: ", escape(last_component(path))));
    }
    throw Refusal{450, text("All names from ", escape(wanted), " to ", escape(wanted), '.', most_tries - 1,
                            " are taken: send STOU with another one.")};
}

} // namespace ftpd
