// SPDX-License-Identifier: ISC
// The dialect of a person with telnet. Where the client agrees that its keys are sent as they are pressed
// (ECHO and SGA, RFC 857 and 858) and its terminal is not a dumb one, the line is edited here (EditedLine),
// and what arrives is shown above it. Else the client edits, and is shown what nc is shown. Run by handlers,
// which trust nothing the client sends.
//
// Whether the other side speaks telnet is known when it answers. It is sent one offer for that, IAC DO
// TERMINAL-TYPE, and a CR, with which the next words cover on a terminal what it makes of the two bytes that
// are not text (nc -C; the third is CAN, which shows nothing). Its first line waits for the answer, 300 ms at
// most. An answer that comes later is understood, too.
#pragma once

#include "chatd/handler/typed/dialect.hh"
#include "chatd/handler/typed/edited_line.hh"
#include "chatd/handler/typed/telnet_terminal.hh"
#include "chatd/protocol.hh"
#include "chatd/terminal/telnet.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// How far things have come when the client turns out to speak telnet.
struct TelnetStart {
    std::string question;               // the words that it was asked for its name with
    std::string bytes;                  // what it has sent
    std::optional<common::Line> answer; // or the one line that it has sent
};

// What a telnet client wants that is not a line.
struct TelnetRequest {
    enum class Kind {
        completion,   // of the word that words ends with: Tab
        sign_of_life, // it asks whether anybody is there (AYT, RFC 854)
        session       // it is chat(1), and words are what that begins with (session_option.hh)
    };
    Kind kind{};
    std::string words{};
};

class TelnetDialect : public Dialect {
public:
    explicit TelnetDialect(const TelnetStart& start);

    common::IoState fill(int client) override;
    bool is_full() const override;
    std::optional<common::Line> next_line() override;
    bool has_lines() const override { return !lines_.empty() || !early_.empty(); }
    bool drop_input() override;
    void end_input(bool) override { end_negotiation(); } // half a line is a draft that was not sent
    std::optional<Clock::time_point> waits_until() const override;
    std::string ask(Asked asked, std::string_view words) override;
    // What follows the words of a question that the client's own line editor shows; empty if it edits here.
    std::string prompt_end() const;
    std::string_view line_end() const override { return "\r\n"; }
    // What was appended from this byte on, whole lines, becomes what the client's character set has.
    void translate(std::string& out, std::size_t from) const { terminal_.translate(out, from); }
    bool shows_colours() const override { return line_.is_edited() && !terminal_.type().empty(); }

    // What is being typed, and whatever is to be sent with it.
    EditedLine& edited_line() { return line_; }
    // Whether the client has said, by a key, that nothing more will come.
    bool has_ended() const { return ended_; }
    // With the next one the last is granted, or begun; keys that were pressed after it wait for that.
    std::optional<TelnetRequest> next_request();

    // For chat(1), which counts its bytes: those before the end of the line that was given last. The count
    // goes on from what is told.
    std::uint64_t taken() const;
    void count_from(std::uint64_t bytes) { consumed_ = taken_ = bytes; }

private:
    bool is_negotiating() const { return negotiates_until_ && Clock::now() < *negotiates_until_; }
    void end_negotiation();
    void receive(std::string_view bytes);
    void take_data(std::string_view data);
    void take_keys(std::string_view keys);
    void act_on(LineEditor::Outcome outcome);
    void obey_command(telnet::Command command);
    void answer(const std::string& bytes);
    void take_subnegotiation(telnet::Option option, std::string_view bytes);
    void begin_editing();

    struct TypedIn {
        common::Line line;
        std::uint64_t end; // bytes up to its end
    };

    telnet::Decoder decoder_;
    TelnetTerminal terminal_;
    EditedLine line_;
    std::deque<TypedIn> lines_;
    std::deque<TelnetRequest> requests_;
    bool has_requested_ = false; // keys wait
    bool ended_ = false;

    // Until both sides know what they do, lines wait; at the latest until then.
    std::optional<Clock::time_point> negotiates_until_;
    bool has_answered_ = false;

    common::LineReader reader_{max_text, common::LineEnds::any}; // while the client edits
    std::string ahead_;          // keys that were pressed before the question was asked
    std::string early_;          // of chat(1), which shows nothing by itself: keys or lines, to be settled
    std::uint64_t consumed_ = 0; // bytes that editor and reader have taken
    std::uint64_t taken_ = 0;    // bytes up to the end of the line that was given last
};

} // namespace chatd
