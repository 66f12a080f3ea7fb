// SPDX-License-Identifier: ISC
// The dialect of a person with nc: prompts without a line's end while logging in, one line for each event,
// and no prompt in a room, since nothing can be redrawn there. Lines end as the client's first one did.
#include "chatd/dialect.hh"

#include "common/text.hh"

using common::text;

namespace chatd {
namespace {

std::string_view words_for(Refusal why) {
    switch (why) {
    case Refusal::name_taken: return "Somebody here has that name: choose another.";
    case Refusal::name_empty: return "A name cannot be empty.";
    case Refusal::name_too_long: return "That name is too long: 32 columns at most.";
    case Refusal::name_unprintable:
        return "That name cannot be shown: letters, digits and signs only, no blanks.";
    case Refusal::name_reserved: return "That name is reserved: choose another.";
    case Refusal::wrong_code: return "No room has that code.";
    case Refusal::text_too_long: return "That line is too long and was not sent: 2000 bytes at most.";
    case Refusal::disk_full: return "The server's disk is full and the line was not sent: try again later.";
    case Refusal::not_now: return "That cannot be done now.";
    }
    return "That cannot be done.";
}

class LineDialect : public Dialect {
public:
    std::string ask_name() const override { return "Your name: "; }
    std::string ask_code() const override { return "Room code: "; }
    std::string refused(Refusal why, unsigned tries_left) const override {
        if (why != Refusal::wrong_code) return line(words_for(why));
        if (tries_left == 0) return line(text(words_for(why), " That was the last try."));
        return line(text(words_for(why), " Tries left: ", tries_left, '.'));
    }
    std::string entered(std::string_view room) const override {
        return line(text("You are in ", room, ". /help lists what you can do."));
    }
    std::string record(const Record& record) const override {
        switch (record.kind) {
        case Kind::joined: return line(text(record.name, " joined"));
        case Kind::left: return line(text(record.name, " left"));
        case Kind::said: return line(text(record.name, " say: ", record.text));
        case Kind::announced: return line(text("administrator say: ", record.text));
        default: return {};
        }
    }
    std::string lost(std::uint64_t lines) const override {
        return line(text("You were too far behind: ", lines, " lines are gone."));
    }
    std::string listing(std::string_view lines) const override {
        std::string shown;
        for (const std::string& one : common::split_lines(lines)) shown += line(one);
        return shown;
    }
    std::string notice(std::string_view words) const override { return line(words); }
    std::string help() const override {
        return line("What you type is said to everybody in the room. Lines that begin with / are for the "
                    "server:") +
               line("  /who    who is in this room") + line("  /rooms  the rooms of this server") +
               line("  /help   this text") + line("  /quit   leave") +
               line("A line that begins with // says the rest with one /.");
    }
    void saw_crlf() override { end_ = "\r\n"; }

private:
    std::string line(std::string_view words) const { return text(words, end_); }
    std::string_view end_ = "\n";
};

} // namespace

std::unique_ptr<Dialect> make_line_dialect() { return std::make_unique<LineDialect>(); }

} // namespace chatd
