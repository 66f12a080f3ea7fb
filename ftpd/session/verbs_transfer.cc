// SPDX-License-Identifier: ISC
// Verbs that move a file: over a data connection (RFC 959, RFC 2428), and what prepares it; or, with GET, PUT
// and WRITE, on the control connection itself, for a person with nothing but nc, and for fcp. A body there is
// exactly as long as was announced, never padded, never taken for commands. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/cksum.hh"
#include "common/errors.hh"
#include "common/file_to_socket.hh"
#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/path.hh"
#include "ftpd/session/data_channel.hh"
#include "ftpd/session/dispatch.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/transfer.hh"
#include "ftpd/session/upload.hh"
#include "ftpd/settings.hh"

#include <algorithm>
#include <memory>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

void check_not_extended_only(const Session& s, std::string_view verb) {
    if (s.memory.extended_only) throw Refusal{503, text(verb, " is off since EPSV ALL.")};
}

void check_over_network(const Session& s) {
    if (s.data.client_family() != AF_INET && s.data.client_family() != AF_INET6)
        throw Refusal{425, "There are no data connections over this socket: use LS, GET and PUT."};
}

// Throws Refusal (550) where TYPE A came after REST.
void check_restart(const Session& s) {
    if (s.memory.restart > 0 && s.memory.type == TransferType::ascii)
        throw Refusal{550, text("After REST ", s.memory.restart,
                                " only bytes as they are can be sent: send TYPE I, then REST again.")};
}

constexpr std::size_t buffer_size = 256 * 1024;       // bytes
constexpr std::size_t received_at_once = 1024 * 1024; // bytes: much comes meanwhile, in fewer turns
constexpr std::uint64_t look_around_every = 1048576;  // bytes: a slow disk may take a second for a few

// A transfer ends at the size that the file had at its 150, or here.
Refusal shrunk_from(off_t size) {
    return {451, text("The file has fewer than its ", size, " bytes by now.")};
}

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
        case IoState::ended: throw shrunk_from(size);
        case IoState::vanished: throw data.broken();
        }
        if (throttle.limits()) s.control.pause_until(throttle.pay(sent, Clock::now()));
        if (static_cast<std::uint64_t>(from) < next_look) continue;
        s.control.look_around();
        next_look = static_cast<std::uint64_t>(from) + look_around_every;
    }
}

void send_text(Session& s, DataConnection& data, int file, off_t from, off_t size) {
    Throttle throttle{s.limits().rate_down};
    std::vector<char> buffer(throttle.piece(std::min(buffer_size, static_cast<std::size_t>(size - from))));
    ToNetwork convert;
    std::string converted;
    while (from < size) {
        const std::size_t wanted = std::min(buffer.size(), static_cast<std::size_t>(size - from));
        const auto got = checked("read", {}, [&] { return ::pread(file, buffer.data(), wanted, from); });
        if (got == 0) throw shrunk_from(size);
        from += got;
        converted.clear();
        convert.convert({buffer.data(), static_cast<std::size_t>(got)}, converted);
        data.send(converted);
        s.status.add_sent(converted.size());
        s.control.pause_until(throttle.pay(converted.size(), Clock::now()));
        s.control.look_around();
    }
}

// Whether an upload of a client that has ended its control connection may be whole all the same: it has said
// that it is done with what it has begun, or will be with as many bytes as it announced.
bool may_be_done(const Session& s) { return s.memory.announced || has_said_quit(s); }

// And that it is, at the end of the data.
bool is_done(const Session& s) { return s.memory.announced == s.status.activity().done || has_said_quit(s); }

void receive_into(Session& s, DataConnection& data, Upload& upload) {
    Throttle throttle{s.limits().rate_up};
    const std::size_t size = throttle.piece(received_at_once);
    const auto buffer = std::make_unique_for_overwrite<char[]>(size); // most of it may remain untouched
    FromNetwork convert;
    std::string converted;
    std::uint64_t until_look = look_around_every;
    while (const std::size_t got = data.receive({buffer.get(), size})) {
        if (s.client.saw_end_of_input() && !may_be_done(s)) return; // nothing more for a client that is gone
        const std::string_view bytes{buffer.get(), got};
        if (s.memory.type == TransferType::ascii) {
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

DataConnection open_for(Session& s, Upload& upload) {
    try {
        return s.data.open(RelayDirection::from_client);
    } catch (...) {
        upload.leave();
        throw;
    }
}

void store(Session& s, Upload& upload, std::string_view greeting) {
    const ClientSocket::Survival survival{s.client, [&] { return may_be_done(s); }};
    s.control.reply(150, greeting);
    s.client.flush(); // most clients send nothing before
    s.status.begin(s.status.activity().verb, upload.path(), s.memory.announced.value_or(0));
    TransferRecord record{s, Direction::upload, upload.path(), s.memory.type == TransferType::ascii};
    DataConnection data = open_for(s, upload);
    const std::string shown = escape(upload.path());
    try {
        receive_into(s, data, upload);
    } catch (const std::system_error& error) {
        const Refusal why = upload.explain_failure(error);
        data.discard_rest();
        throw why;
    }
    // In stream mode the end of the data is the end of the file; but a client that dies ends both
    // connections. Under TLS it says itself that this is the end, or anybody may have cut the connection.
    const bool has_ended = s.control.input_ended();
    const auto end = data.end_of_input();
    const bool is_final = is_done(s) || end == DataConnection::End::proved;
    if (end == DataConnection::End::cut && s.memory.announced != s.status.activity().done)
        throw Refusal{426, text("The data connection was cut: ", data.why_cut(), ": ", shown,
                                " is kept and can be continued.")};
    if (has_ended && !is_final)
        throw Refusal{
            426, text("The control connection has ended, so the end of the data is not the end of the file: ",
                      shown, " is kept and can be continued.")};
    // The client took part in this upload after the 226 of the one before, which may have the same name.
    s.settlement.settle();
    Upload::Completed stored =
        is_final ? Upload::Completed{upload.complete(), {}} : upload.complete_revocably();
    s.remember_stored(upload.id());
    data.close();
    if (stored.replacement)
        s.settlement.begin(*std::move(stored.replacement), record.end(stored.size));
    else
        record.complete(stored.size);
    s.control.reply(226, text("Stored ", shown, '.'));
}

Upload::Policy upload_policy(const Session& s, Replace replace) {
    return {s.rights(), replace, s.limits().max_upload, s.settings.sync, s.memory.announced};
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
    return text("Send lines, then a line with a single dot", s.control.is_telnet() ? ", or Ctrl-D." : ".");
}

std::string why_not_whole(const Body& body, std::string_view path) {
    const std::string early = body.is_counted() ? text(body.left(), " bytes early") : "before a lone dot";
    return text("Your input ended ", early, ": ", escape(path), " is kept and can be continued.");
}

std::string result_of(const Cksum& sum, std::string_view path) {
    return text(sum.shown(), ' ', escape(last_component(path)));
}

} // namespace

void do_pasv(Session& s, const std::string&) {
    check_not_extended_only(s, "PASV");
    check_over_network(s);
    if (s.data.client_family() != AF_INET) throw Refusal{425, "PASV is for IPv4: use EPSV."};
    const Address told = s.data.listen_passive(DataChannel::Told::address);
    s.control.reply(227, text("Entering Passive Mode (", format_pasv(told), ")."));
}

void do_epsv(Session& s, const std::string& argument) {
    check_over_network(s);
    const std::string_view wanted = without_trailing_blanks(argument);
    if (equal_ignoring_case(wanted, "ALL")) {
        s.memory.extended_only = true;
        return s.control.reply(200, "Only EPSV from now on.");
    }
    const std::string_view own = s.data.client_family() == AF_INET ? "1" : "2"; // of RFC 2428, section 2
    if (!wanted.empty() && !parse_number<unsigned>(wanted)) throw Refusal{501, "EPSV takes 1, 2 or ALL."};
    if (!wanted.empty() && wanted != own)
        throw Refusal{522, text("Network protocol not supported, use (", own, ").")};
    const Address address = s.data.listen_passive(DataChannel::Told::port);
    s.control.reply(229, text("Entering Extended Passive Mode (|||", address.port(), "|)."));
}

void do_port(Session& s, const std::string& argument) {
    check_not_extended_only(s, "PORT");
    check_over_network(s);
    s.data.set_active(parse_port_argument(without_trailing_blanks(argument)));
    s.control.reply(200, "Data will go there.");
}

void do_eprt(Session& s, const std::string& argument) {
    check_not_extended_only(s, "EPRT");
    check_over_network(s);
    s.data.set_active(parse_eprt_argument(without_trailing_blanks(argument)));
    s.control.reply(200, "Data will go there.");
}

// Where a transfer runs, the session ends it before this is called (ftpd/session/dispatch.cc).
void do_abor(Session& s, const std::string&) {
    s.data.reset();
    s.forget_announcements();
    s.control.reply(226, "There is no transfer to abort.");
}

void do_retr(Session& s, const std::string& argument) {
    check_restart(s);
    const std::string path = s.resolve(argument);
    const OpenFile file = s.tree.open_file(path);
    const off_t size = file.status.st_size;
    const auto from = static_cast<off_t>(s.memory.restart);
    if (from > size) throw Refusal{554, text("The file has only ", size, " bytes: restart there or before.")};
    s.data.check_prepared();
    const bool binary = s.memory.type == TransferType::binary;
    s.control.reply(150, binary ? text("Here comes ", escape(path), " (", size - from, " bytes).")
                                : text("Here comes ", escape(path), " as text."));
    s.client.flush();
    s.status.begin("RETR", path, static_cast<std::uint64_t>(size - from));
    TransferRecord record{s, Direction::download, path, !binary};
    DataConnection data = s.data.open(RelayDirection::to_client);
    if (binary)
        send_binary(s, data, file.fd.get(), from, size);
    else
        send_text(s, data, file.fd.get(), from, size);
    data.end_output();
    record.complete(static_cast<std::uint64_t>(size));
    s.data.finish(data);
    s.control.reply(226, text("Sent ", size - from, " bytes."));
}

void do_stor(Session& s, const std::string& argument) {
    check_restart(s);
    const std::string path = s.resolve(argument);
    s.data.check_prepared();
    Upload upload{s.tree, path, s.memory.restart, upload_policy(s, Replace::if_allowed)};
    store(s, upload, text("Send ", escape(path), '.'));
}

// After REST it is STOR: RFC 3659, section 5.3, leaves that open.
void do_appe(Session& s, const std::string& argument) {
    check_restart(s);
    const std::string path = s.resolve(argument);
    s.data.check_prepared();
    const Upload::Offset from = s.memory.restart > 0 ? Upload::Offset{s.memory.restart} : Upload::Offset{};
    Upload upload{s.tree, path, from, upload_policy(s, Replace::if_allowed)};
    store(s, upload, text("Send what follows byte ", upload.offset(), " of ", escape(path), '.'));
}

void do_stou(Session& s, const std::string& argument) {
    if (s.memory.restart > 0) throw Refusal{554, "A new file cannot be restarted: use REST with STOR."};
    const std::string asked = argument.empty() ? "upload" : argument;
    const std::string wanted = s.resolve(asked);
    s.data.check_prepared();
    constexpr int max_tries = 1000;
    for (int number = 0; number < max_tries; ++number) {
        const std::string path = number == 0 ? wanted : text(wanted, '.', number);
        if (is_taken(s, path)) continue;
        std::optional<Upload> upload;
        try {
            upload.emplace(s.tree, path, 0, upload_policy(s, Replace::never));
        } catch (const Refusal&) {
            if (!is_taken(s, path)) throw; // else by another session, just now
            continue;
        }
        // This form is what clients read the name from (RFC 1123, section 4.1.2.9).
        return store(s, *upload, text("FILE: ", name_beside(asked, wanted, path)));
    }
    throw Refusal{450, text("All names from ", escape(wanted), " to ", escape(wanted), '.', max_tries - 1,
                            " are in use: send STOU with another name.")};
}

void do_get(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const OpenFile file = s.tree.open_file(path);
    const off_t size = file.status.st_size;
    auto offset = static_cast<off_t>(s.memory.restart);
    if (offset > size)
        throw Refusal{554, text("The file has only ", size, " bytes: restart there or before.")};
    s.status.begin("GET", path, static_cast<std::uint64_t>(size - offset));
    TransferRecord record{s, Direction::download, path, false};
    s.control.reply(150, text(size - offset, " bytes follow"));
    s.sends_body = true;
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
        s.client.send(bytes);
        sum.add(bytes);
        offset += got;
        s.status.add_sent(bytes.size());
        s.control.pause_until(throttle.pay(bytes.size(), Clock::now()));
        if (offset < size) s.control.look_around();
    }
    s.sends_body = false;
    record.complete(static_cast<std::uint64_t>(size));
    s.control.reply(226, result_of(sum, path));
}

// WRITE, too: they differ in the body that the session expects after them.
void do_put(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    Body& body = *s.memory.body;
    // An early death looks like the end of the input.
    const Replace replace = body.is_to_end() ? Replace::never : Replace::if_allowed;
    Upload upload{s.tree, path, s.memory.restart, upload_policy(s, replace)};
    s.status.begin(s.status.activity().verb, path, body.left());
    TransferRecord record{s, Direction::upload, path, false};
    // The end of a body that has one of its own is known, whatever becomes of the connection behind it.
    const bool has_own_end = !body.is_to_end();
    const ClientSocket::Survival survival{s.client, [=] { return has_own_end; }};
    body.begin(s.control, how_to_send(s, body));
    Cksum sum;
    try {
        if (!receive_body(s, upload, sum)) throw Refusal{426, why_not_whole(body, path)};
    } catch (const std::system_error& error) {
        throw upload.explain_failure(error);
    }
    if (body.is_to_end() && s.client.was_cut(s.settings.data.trusts_ends))
        throw Refusal{426, text("Your input did not end with TLS's own end (close_notify): ", escape(path),
                                " is kept and can be continued.")};
    record.complete(upload.complete());
    s.remember_stored(upload.id());
    s.control.reply(226, result_of(sum, path));
}

} // namespace ftpd
