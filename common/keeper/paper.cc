// SPDX-License-Identifier: ISC
#include "common/keeper/paper.hh"

#include "common/errors.hh"
#include "common/fd.hh"
#include "common/record_bytes.hh"
#include "common/shared_memory.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <unistd.h>

namespace common {
namespace {

constexpr const char* variable = "SUITE_KEEPER_PAPER";

using Version = pack::Struct<"=I">;
using Size = pack::Struct<"=Q">;
using Count = pack::Struct<"=I">;
using Number = pack::Struct<"=q">;
using Descriptor = pack::Struct<"=i">;
constexpr std::uint32_t version = 1;

constexpr std::size_t most_text = 65'535, most_lines = 1'000'000, most_children = 65'536, most_users = 64;
constexpr std::size_t most_listeners = 65'536; // and other descriptors

std::size_t read_count(RecordReader& reader, std::size_t most) {
    const std::size_t count = std::get<0>(reader.fields<Count>());
    if (count > most) throw PeerError("a keeper's paper is malformed");
    return count;
}

void write_count(RecordWriter& writer, std::size_t count) {
    writer.fields<Count>(static_cast<std::uint32_t>(count));
}

int read_descriptor(RecordReader& reader) { return std::get<0>(reader.fields<Descriptor>()); }

void write_labelled(RecordWriter& writer, const std::vector<Paper::Labelled>& all) {
    write_count(writer, all.size());
    for (const Paper::Labelled& one : all) writer.text(one.label).fields<Descriptor>(one.fd);
}

std::vector<Paper::Labelled> read_labelled(RecordReader& reader) {
    std::vector<Paper::Labelled> all;
    for (std::size_t left = read_count(reader, most_listeners); left > 0; --left) {
        std::string label = reader.text(most_text);
        all.push_back({std::move(label), read_descriptor(reader)});
    }
    return all;
}

void for_each_descriptor(const Paper& paper, const std::function<void(int)>& use) {
    const auto use_if_there = [&](int fd) {
        if (fd >= 0) use(fd);
    };
    for (const int fd : {paper.pair, paper.program, paper.control_socket, paper.lock, paper.new_control})
        use_if_there(fd);
    for (const auto* const all : {&paper.listeners, &paper.opened})
        for (const Paper::Labelled& one : *all) use_if_there(one.fd);
    for (const Paper::Deposit& one : paper.deposits) use_if_there(one.fd);
}

void close_on_exec(const Paper& paper, bool closes) {
    for_each_descriptor(paper, [closes](int fd) { ::fcntl(fd, F_SETFD, closes ? FD_CLOEXEC : 0); });
}

} // namespace

std::string pack_paper(const Paper& paper) {
    RecordWriter writer;
    writer.fields<Version>(version);
    for (const std::string* const one :
         {&paper.program_version, &paper.state, &paper.control, &paper.pid_file, &paper.owner})
        writer.text(*one);
    writer.fields<Descriptor>(paper.pair).fields<Descriptor>(paper.program);
    write_labelled(writer, paper.listeners);
    writer.fields<Number>(std::int64_t{paper.inherited});
    writer.fields<Descriptor>(paper.control_socket);
    writer.fields<Number>(std::int64_t{paper.priority});
    writer.fields<Number>(std::int64_t{paper.main});
    writer.fields<Descriptor>(paper.lock);
    writer.fields<Descriptor>(paper.new_control);
    writer.fields<Number>(paper.born_with);
    write_count(writer, paper.config.size());
    for (const ConfigLine& line : paper.config) writer.text(pack_keeper_frame(frame_of(line)));
    write_labelled(writer, paper.opened);
    write_count(writer, paper.left_out.size());
    for (const std::string& label : paper.left_out) writer.text(label);
    for (const std::vector<Identity>* const users : {&paper.users, &paper.children_users}) {
        write_count(writer, users->size());
        for (const Identity& user : *users) writer.text(pack_keeper_frame(frame_of(user)));
    }
    write_count(writer, paper.deposits.size());
    for (const Paper::Deposit& one : paper.deposits)
        writer.text(one.label).text(one.bytes).fields<Descriptor>(one.fd);
    write_count(writer, paper.orphans.size());
    for (const OrphanEnd& one : paper.orphans) writer.fields<Number>(number_of(one));
    write_count(writer, paper.children.size());
    for (const pid_t one : paper.children) writer.fields<Number>(std::int64_t{one});
    write_count(writer, paper.reloads.size());
    for (const bool asked : paper.reloads) writer.fields<Number>(std::int64_t{asked});
    if (paper.lasting.empty()) return writer.take(); // as versions before had it
    write_count(writer, paper.lasting.size());
    for (const pid_t one : paper.lasting) writer.fields<Number>(std::int64_t{one});
    return writer.take();
}

Paper unpack_paper(std::string_view bytes) {
    RecordReader reader{bytes};
    if (std::get<0>(reader.fields<Version>()) != version)
        throw PeerError("the keeper that runs is of another version: stop it and start this one");
    Paper paper;
    for (std::string* const one :
         {&paper.program_version, &paper.state, &paper.control, &paper.pid_file, &paper.owner})
        *one = reader.text(most_text);
    paper.pair = read_descriptor(reader);
    paper.program = read_descriptor(reader);
    paper.listeners = read_labelled(reader);
    paper.inherited = std::get<0>(reader.fields<Number>()) != 0;
    paper.control_socket = read_descriptor(reader);
    paper.priority = static_cast<int>(std::get<0>(reader.fields<Number>()));
    paper.main = static_cast<pid_t>(std::get<0>(reader.fields<Number>()));
    paper.lock = read_descriptor(reader);
    paper.new_control = read_descriptor(reader);
    paper.born_with = std::get<0>(reader.fields<Number>());
    for (std::size_t left = read_count(reader, most_lines); left > 0; --left)
        paper.config.push_back(line_of(unpack_keeper_frame(reader.text(max_keeper_packet))));
    paper.opened = read_labelled(reader);
    for (std::size_t left = read_count(reader, most_listeners); left > 0; --left)
        paper.left_out.push_back(reader.text(most_text));
    for (std::vector<Identity>* const users : {&paper.users, &paper.children_users})
        for (std::size_t left = read_count(reader, most_users); left > 0; --left)
            users->push_back(user_of(unpack_keeper_frame(reader.text(max_keeper_packet))));
    for (std::size_t left = read_count(reader, max_deposits); left > 0; --left) {
        Paper::Deposit one;
        one.label = reader.text(max_deposit_label);
        one.bytes = reader.text(max_keeper_text);
        one.fd = read_descriptor(reader);
        paper.deposits.push_back(std::move(one));
    }
    for (std::size_t left = read_count(reader, max_orphans); left > 0; --left)
        paper.orphans.push_back(orphan_of(std::get<0>(reader.fields<Number>())));
    for (std::size_t left = read_count(reader, most_children); left > 0; --left)
        paper.children.push_back(static_cast<pid_t>(std::get<0>(reader.fields<Number>())));
    for (std::size_t left = read_count(reader, max_reloads + 1); left > 0; --left)
        paper.reloads.push_back(std::get<0>(reader.fields<Number>()) != 0);
    if (reader.is_at_end()) return paper;
    for (std::size_t left = read_count(reader, most_children); left > 0; --left)
        paper.lasting.push_back(static_cast<pid_t>(std::get<0>(reader.fields<Number>())));
    reader.expect_end();
    return paper;
}

namespace {

// Returns the file, which is to stay open.
Fd write_down(const Paper& paper) {
    const std::string packed = pack_paper(paper);
    const auto size = Size::pack(std::uint64_t{packed.size()});
    const std::string bytes = std::string{size.data(), size.size()} + packed;
    Fd file = make_shared_pages(bytes.size() / page_size() + 1, paper.state);
    for (std::size_t at = 0; at < bytes.size();)
        at += static_cast<std::size_t>(checked("write down what is handed over", {}, [&] {
            return ::pwrite(file.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
        }));
    return file;
}

} // namespace

void execute_with(Paper paper, const Executable& program, const Invocation& invocation) {
    paper.program = program.fd();
    const Fd file = write_down(paper);
    close_on_exec(paper, false);
    ::fcntl(file.get(), F_SETFD, 0);
    ::setenv(variable, text(file.get()).c_str(), 1);
    try {
        invocation.go_back();
        program.execute(invocation.arguments());
    } catch (const std::exception&) {
        ::unsetenv(variable);
        close_on_exec(paper, true);
        throw;
    }
}

std::optional<Paper> take_paper() {
    const char* const given = std::getenv(variable);
    if (given == nullptr) return {};
    const auto number = parse_number<int>(given, 3);
    ::unsetenv(variable);
    if (!number) throw PeerError("a keeper's paper has no number");
    const Fd file{*number};
    std::array<char, Size::size> head{};
    const auto read = [&](char* into, std::size_t bytes, std::size_t from) {
        for (std::size_t at = 0; at < bytes;) {
            const auto got = checked("read what is handed over", {}, [&] {
                return ::pread(file.get(), into + at, bytes - at, static_cast<off_t>(from + at));
            });
            if (got == 0) throw PeerError("a keeper's paper is cut off");
            at += static_cast<std::size_t>(got);
        }
    };
    read(head.data(), head.size(), 0);
    const std::uint64_t size = std::get<0>(Size::unpack(head));
    if (size > pages_of(file.get()) * page_size()) throw PeerError("a keeper's paper is cut off");
    std::string bytes(size, '\0');
    read(bytes.data(), bytes.size(), head.size());
    Paper paper = unpack_paper(bytes);
    close_on_exec(paper, true);
    return paper;
}

Invocation own_invocation(std::span<char* const> arguments, const std::optional<Paper>& paper) {
    if (!paper) return Invocation{arguments};
    return Invocation{arguments, paper->priority};
}

Executable own_program(const Invocation& invocation, const std::optional<Paper>& paper) {
    if (!paper || paper->program < 0) return Executable{invocation.path()};
    return Executable{invocation.path(), duplicate(paper->program)};
}

} // namespace common
