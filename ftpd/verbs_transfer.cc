// SPDX-License-Identifier: ISC
// Verbs that use a data connection: LIST, NLST, MLSD, RETR, STOR. Run by the session.
#include "ftpd/verbs.hh"

#include "common/errors.hh"
#include "common/file_to_socket.hh"
#include "common/text.hh"
#include "ftpd/ascii.hh"
#include "ftpd/data_channel.hh"
#include "ftpd/listing.hh"
#include "ftpd/refusal.hh"
#include "ftpd/session.hh"
#include "ftpd/upload.hh"

#include <ctime>
#include <functional>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t buffer_size = 256 * 1024;      // bytes
constexpr std::uint64_t look_around_every = 1048576; // bytes: a slow disk may take a second for a few

void check_prepared(const Session& s) {
    if (!s.data.is_prepared())
        throw Refusal{425, "No data connection was prepared: send PASV, EPSV, PORT or EPRT first."};
}

// Old clients pass options of ls where a path belongs; a name may begin with a dash, too, after "./".
std::string_view without_ls_options(std::string_view argument) {
    while (argument.substr(0, 1) == "-") {
        const std::size_t end = argument.find(' ');
        argument = end == argument.npos ? std::string_view{} : argument.substr(end + 1);
    }
    return argument;
}

using FormatEntry = std::function<std::string(const Entry&)>; // an empty line is left out

// A directory's entries, or the one entry that a file is, as lines over the data connection.
void send_listing(Session& s, std::string_view argument, const FormatEntry& format) {
    const std::string path = s.resolve(argument);
    const Entry itself = s.tree.entry(path);
    const bool is_directory = S_ISDIR(s.tree.status(path).st_mode);
    if (is_directory) s.tree.open_directory(path); // refused before 150, not after
    check_prepared(s);
    s.control.reply(150, text("Here comes the list of ", escape(path), '.'));
    DataConnection data = s.data.open();
    const auto send = [&](const std::vector<Entry>& entries) {
        std::string lines;
        for (const Entry& entry : entries) {
            const std::string line = format(entry);
            if (!line.empty()) lines += line + "\r\n";
        }
        data.send(lines);
        s.status.add_sent(lines.size());
    };
    if (is_directory)
        s.tree.list(path, send);
    else
        send({itself});
    data.close();
    s.control.reply(226, "That was all.");
}

void send_binary(Session& s, DataConnection& data, int file, off_t from, off_t size) {
    for (std::uint64_t next_look = look_around_every; from < size;) {
        const off_t before = from;
        const IoResult moved =
            copy_file_to_socket(file, from, static_cast<std::size_t>(size - from), data.fd());
        s.status.add_sent(static_cast<std::size_t>(from - before));
        switch (moved.state) {
        case IoState::done: break;
        case IoState::would_block: data.wait_until_writable(); break;
        case IoState::ended: throw Refusal{451, text("The file has shrunk to ", from, " bytes meanwhile.")};
        case IoState::vanished: throw Refusal{426, "The data connection was broken off."};
        }
        if (static_cast<std::uint64_t>(from) < next_look) continue;
        s.control.look_around();
        next_look = static_cast<std::uint64_t>(from) + look_around_every;
    }
}

void send_text(Session& s, DataConnection& data, int file, off_t from) {
    std::vector<char> buffer(buffer_size);
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
        s.control.look_around();
    }
}

void receive_into(Session& s, DataConnection& data, Upload& upload) {
    std::vector<char> buffer(buffer_size);
    FromNetwork convert;
    std::string converted;
    std::uint64_t until_look = look_around_every;
    while (const std::size_t got = data.receive(buffer)) {
        const std::string_view bytes{buffer.data(), got};
        if (s.type == Type::ascii) {
            converted.clear();
            convert.convert(bytes, converted);
            upload.write(converted);
        } else
            upload.write(bytes);
        s.status.add_received(got);
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

bool is_lack_of_space(const std::system_error& error) {
    const int number = error.code().value();
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

} // namespace

void do_list(Session& s, const std::string& argument) {
    const std::time_t now = std::time(nullptr);
    send_listing(s, without_ls_options(argument),
                 [&](const Entry& entry) { return format_long(entry, now); });
}

void do_nlst(Session& s, const std::string& argument) {
    // Names must be usable from the working directory (RFC 1123, section 4.1.2.7): behind the path asked for.
    const std::string asked{without_ls_options(argument)};
    std::string prefix;
    if (!asked.empty() && S_ISDIR(s.tree.status(s.resolve(asked)).st_mode))
        prefix = asked.back() == '/' ? asked : asked + '/';
    send_listing(s, asked, [&](const Entry& entry) {
        if (!fits_a_line(entry)) return std::string{};
        return prefix.empty() && !asked.empty() ? asked : prefix + entry.name;
    });
}

void do_mlsd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    if (!S_ISDIR(s.tree.status(path).st_mode))
        throw Refusal{501, text(escape(path), " is no directory: use MLST.")};
    send_listing(s, argument, [&](const Entry& entry) {
        if (!fits_a_line(entry)) return std::string{};
        struct stat target = entry.status;
        if (S_ISLNK(target.st_mode)) {
            // What a link leads to is what a client would get; one that leads nowhere is shown as itself.
            try {
                target = s.tree.status(path + '/' + entry.name);
            } catch (const std::system_error&) {
            }
        }
        return format_facts(entry, target, s.rights());
    });
}

void do_retr(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const OpenFile file = s.tree.open_file(path);
    const off_t size = file.status.st_size;
    const auto from = static_cast<off_t>(s.restart);
    if (from > size) throw Refusal{554, text("The file has only ", size, " bytes: restart there or before.")};
    check_prepared(s);
    const bool binary = s.type == Type::binary;
    s.control.reply(150, binary ? text("Here comes ", escape(path), " (", size - from, " bytes).")
                                : text("Here comes ", escape(path), " as text."));
    s.status.begin("RETR", path, static_cast<std::uint64_t>(size - from));
    DataConnection data = s.data.open();
    if (binary)
        send_binary(s, data, file.fd.get(), from, size);
    else
        send_text(s, data, file.fd.get(), from);
    data.close();
    s.status.complete_transfer();
    s.log(Severity::notice, text("sent ", size - from, " bytes of ", escape(path)));
    s.control.reply(226, text("Sent ", size - from, " bytes."));
}

void do_stor(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    check_prepared(s);
    Upload upload{s.tree, path, s.restart, s.rights(), Replace::if_allowed};
    s.control.reply(150, text("Send ", escape(path), '.'));
    s.status.begin("STOR", path, s.announced.value_or(0));
    DataConnection data = s.data.open();
    try {
        receive_into(s, data, upload);
    } catch (const std::system_error& error) {
        if (is_lack_of_space(error)) upload.discard(); // a disk that is full needs it back
        throw;
    }
    // In stream mode the end of the data is the end of the file; but a client that dies ends both
    // connections.
    if (s.control.input_ended())
        throw Refusal{426, text("You are gone, so this end of data is no end of file: ", escape(path),
                                " is kept to be continued.")};
    upload.complete();
    data.close();
    s.status.complete_transfer();
    s.log(Severity::notice, text("stored ", escape(path)));
    s.control.reply(226, text("Stored ", escape(path), '.'));
}

} // namespace ftpd
