// SPDX-License-Identifier: ISC
#include "chatd/handler/telnet_dialect.hh"

#include "chatd/handler/completion.hh"
#include "chatd/handler/telnet_terminal.hh"
#include "chatd/protocol.hh"
#include "chatd/terminal/graphemes.hh"
#include "chatd/terminal/line_editor.hh"
#include "chatd/terminal/session_option.hh"
#include "chatd/terminal/telnet.hh"
#include "chatd/terminal/typed_line.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <deque>

using namespace common;

namespace chatd {
namespace {

using telnet::Command;
using telnet::Event;
using telnet::Option;
using namespace std::chrono_literals;

constexpr auto time_to_answer = 300ms; // the first offer: a person does not notice, and few links are slower
constexpr auto time_to_settle = 2s;    // the others, once it is known that the client speaks telnet
constexpr std::size_t piece = 1024;    // bytes that are read at once
constexpr std::size_t most_lines = 64; // that wait to be taken
constexpr std::size_t most_wishes = 4;
constexpr std::size_t most_ahead = 4096; // bytes of keys that wait for a question

constexpr char interrupt_key = '\x03';
constexpr std::string_view own_prompt = "> ";
constexpr std::string_view sign_of_line_end = "\u21b5";  // in a block
constexpr std::string_view begin_pastes = "\x1b[?2004h"; // of xterm and all that came after it
constexpr std::string_view end_pastes = "\x1b[?2004l";
constexpr std::string_view paste_begins = "\x1b[200~", paste_ends = "\x1b[201~", left_key = "\x1b[D";
constexpr std::string_view clear_screen = "\x1b[H\x1b[2J";

std::string show_line_ends(std::string_view line) {
    std::string shown;
    for (const char byte : line) byte == '\n' ? shown.append(sign_of_line_end) : shown.append(1, byte);
    return shown;
}

class TelnetDialect : public Dialect {
public:
    explicit TelnetDialect(const TelnetStart& start);

    IoState fill(int client) override;
    bool is_full() const override {
        return lines_.size() >= most_lines || ahead_.size() + early_.size() >= most_ahead;
    }
    std::optional<Line> next_line() override;
    bool has_lines() const override { return !lines_.empty() || !early_.empty(); }
    void end_input() override { settle(); }
    bool has_ended() const override { return ended_; }
    std::optional<Wish> next_wish() override;
    std::optional<Clock::time_point> waits_until() const override;

    std::string ask(Question question, std::string_view words) override;
    std::string_view line_end() const override { return "\r\n"; }
    std::string bell() const override { return "\a"; }
    bool shows_colours() const override { return editor_ && !terminal_.type().empty(); }
    void lift(std::string& out) override;
    void lay(std::string& out) override;
    void close(std::string& out) override;

    void remember(const std::string& line) override;
    std::uint64_t taken() const override;
    void count_from(std::uint64_t bytes) override { consumed_ = taken_ = bytes; }
    void be_plain() override { is_plain_ = true; }
    void complete(std::string_view words, std::size_t from, const Completed& completed) override;

private:
    bool is_secret() const { return question_ == Question::password || question_ == Question::code; }
    bool settles() const { return settles_at_ && Clock::now() < *settles_at_; }
    void settle();
    void receive(std::string_view bytes);
    void take_data(std::string_view data);
    void take_keys(std::string_view keys);
    void press(char key);
    void tell_line();
    void obey(LineEditor::Wish wish);
    void obey_command(Command command);
    void answer(const std::string& bytes);
    void take_subnegotiation(Option option, std::string_view bytes);
    void begin_editing();
    void end_editing();
    void send_line();
    void put(std::string_view text) { out_ += terminal_.encode(text); }
    std::string draw(std::size_t cursor);

    telnet::Decoder decoder_;
    TelnetTerminal terminal_;
    std::string out_; // to be sent before anything else
    struct Typed {
        Line line;
        std::uint64_t end; // bytes up to its end
    };
    std::deque<Typed> lines_;
    std::uint64_t consumed_ = 0; // bytes that editor and reader have taken
    std::uint64_t taken_ = 0;    // bytes up to the end of the line that was given last
    bool is_plain_ = false;
    std::deque<Wish> wishes_;
    bool has_wished_ = false; // keys wait
    bool ended_ = false;
    bool closed_ = false;
    bool rings_ = false;

    // Until both sides know what they do, lines wait; at the latest until then.
    std::optional<Clock::time_point> settles_at_ = Clock::now() + time_to_answer;
    bool has_answered_ = false;

    Question question_ = Question::name;
    std::string prompt_;
    bool is_open_ = false; // asked, and not answered yet

    LineReader reader_{max_text, LineEnds::any}; // while the client edits
    std::optional<LineEditor> editor_;           // while this side does
    std::string ahead_;                          // keys that were pressed before the question was asked
    std::string early_; // of chat(1), which shows nothing by itself: keys or lines, which is not settled yet
    TypedLine typed_;
};

// A first line was answered by the client itself; else it has been asked, and the words stand there.
TelnetDialect::TelnetDialect(const TelnetStart& start) : prompt_(start.question), is_open_(!start.answer) {
    out_ = terminal_.offer();
    if (start.answer) {
        out_ += '\r';
        lines_.push_back({*start.answer, 0});
    }
    receive(start.bytes);
}

// --- What the client sends.

IoState TelnetDialect::fill(int client) {
    std::array<char, piece> bytes{};
    const IoResult got = read_some(client, bytes);
    receive({bytes.data(), got.bytes});
    return got.state;
}

void TelnetDialect::receive(std::string_view bytes) {
    while (const std::optional<Event> event = decoder_.next(bytes)) {
        if (event->kind != Event::Kind::data && settles_at_ && !std::exchange(has_answered_, true))
            settles_at_ = Clock::now() + time_to_settle;
        switch (event->kind) {
        case Event::Kind::data: take_data(event->bytes); break;
        case Event::Kind::command: obey_command(event->command); break;
        case Event::Kind::option: answer(terminal_.receive(event->command, event->option)); break;
        case Event::Kind::subnegotiation: take_subnegotiation(event->option, event->bytes); break;
        }
    }
}

std::optional<Line> TelnetDialect::next_line() {
    if (settles()) return {};
    settle();
    if (lines_.empty()) return {};
    const Typed typed = std::move(lines_.front());
    lines_.pop_front();
    taken_ = typed.end;
    return typed.line;
}

std::optional<Wish> TelnetDialect::next_wish() {
    if (wishes_.empty() && std::exchange(has_wished_, false)) take_keys(std::exchange(ahead_, {}));
    if (wishes_.empty()) return {};
    Wish wish = std::move(wishes_.front());
    wishes_.pop_front();
    return wish;
}

std::optional<Dialect::Clock::time_point> TelnetDialect::waits_until() const {
    return settles() && has_lines() ? settles_at_ : std::nullopt;
}

// What the two sides have agreed to by now is how it stays.
void TelnetDialect::settle() {
    settles_at_.reset();
    take_data(std::exchange(early_, {}));
}

void TelnetDialect::take_data(std::string_view data) {
    if (editor_) return take_keys(data);
    if (terminal_.is_chat() && settles()) {
        early_ += data;
        return;
    }
    while (!data.empty()) {
        const std::size_t added = reader_.add(data);
        data.remove_prefix(added);
        consumed_ += added;
        while (std::optional<Line> line = reader_.next())
            lines_.push_back({*std::move(line), consumed_ - reader_.buffered().size()});
    }
}

// Keys behind an answer wait for what is asked next: it may be a password.
void TelnetDialect::take_keys(std::string_view keys) {
    for (; !keys.empty() && is_open_ && !has_wished_ && !ended_; keys.remove_prefix(1)) press(keys[0]);
    if (!ended_) ahead_ += keys;
}

void TelnetDialect::press(char key) {
    if (!terminal_.is_chat()) return obey(editor_->press(key));
    const std::string before = editor_->line();
    ++consumed_;
    const LineEditor::Wish wish = editor_->press(key);
    const bool ends = wish == LineEditor::Wish::interrupt && before.empty(); // as ^C ends a program
    obey(ends ? LineEditor::Wish::end : wish);
    // What is more than a character more may come from what was before, which another session does not have.
    const std::string& line = editor_->line();
    const bool is_typed = line.size() > before.size() && static_cast<unsigned char>(key) >= ' ' &&
                          editor_->cursor() > 0 && line[editor_->cursor() - 1] == key;
    if (!is_secret() && !is_typed && line != before && !line.empty()) tell_line();
}

// To chat(1): keys that make the line anew.
void TelnetDialect::tell_line() {
    std::string keys = text(paste_begins, editor_->line(), paste_ends);
    const std::string_view behind = std::string_view{editor_->line()}.substr(editor_->cursor());
    for (std::size_t at = 0; at < behind.size(); at = grapheme_behind(behind, at)) keys += left_key;
    out_ += encode_line(consumed_, keys);
}

void TelnetDialect::obey(LineEditor::Wish wish) {
    using Wanted = LineEditor::Wish;
    switch (wish) {
    case Wanted::nothing: return;
    case Wanted::send: return send_line();
    case Wanted::end: ended_ = true; return;
    case Wanted::bell: rings_ = true; return;
    case Wanted::interrupt: return put(typed_.leave(terminal_.window()));
    case Wanted::too_long: lines_.push_back({Line{"\n", true}, consumed_}); return;
    case Wanted::redraw: put(clear_screen); return typed_.forget();
    case Wanted::complete:
        if (is_secret()) return void(rings_ = true);
        has_wished_ = true;
        wishes_.push_back({Wish::Kind::completion, editor_->line().substr(0, editor_->cursor())});
    }
}

void TelnetDialect::obey_command(Command command) {
    switch (command) {
    case Command::are_you_there:
        if (wishes_.size() < most_wishes) wishes_.push_back({Wish::Kind::sign_of_life});
        return;
    case Command::interrupt:
    case Command::break_key:
        if (editor_ && is_open_) obey(editor_->press(interrupt_key));
        return;
    case Command::erase_character:
        if (editor_) editor_->erase_character();
        return;
    case Command::erase_line:
        if (editor_) editor_->erase_line();
        return;
    default: return; // AO, GA, NOP, DM: nothing is to be done
    }
}

// Sends it, and acts on what both sides have agreed to by now.
void TelnetDialect::answer(const std::string& bytes) {
    out_ += bytes;
    if (terminal_.sends_keys() && !editor_) begin_editing();
    if (!terminal_.sends_keys() && editor_) end_editing();
    if (terminal_.is_settled()) settle();
}

void TelnetDialect::take_subnegotiation(Option option, std::string_view bytes) {
    if (option == Option::chat && terminal_.is_chat() && wishes_.size() < 2)
        wishes_.push_back({Wish::Kind::session, std::string{bytes}});
    const Window before = terminal_.window();
    answer(terminal_.receive_subnegotiation(option, bytes));
    // The terminal has laid the line anew by now.
    if (terminal_.window() != before)
        put(typed_.remove(terminal_.window()));
    else if (option == Option::window_size && terminal_.is_chat())
        typed_.forget(); // it was stopped, and the terminal was another's
}

void TelnetDialect::begin_editing() {
    editor_.emplace(max_text, max_batch);
    editor_->allow_blocks(question_ == Question::nothing);
    if (!terminal_.type().empty()) put(begin_pastes);
    if (is_open_) put("\r"); // over the question that stands there
    const std::string begun{reader_.buffered()};
    reader_.consume(begun.size());
    consumed_ -= begun.size();
    take_keys(begun + std::exchange(early_, {}));
}

// The client wants to edit by itself (telnet's `mode line').
void TelnetDialect::end_editing() {
    put(typed_.remove(terminal_.window()));
    if (!terminal_.type().empty()) put(end_pastes);
    editor_.reset();
    take_data(std::exchange(ahead_, {}));
}

// --- What it is shown.

std::string TelnetDialect::draw(std::size_t cursor) {
    if (is_secret()) return typed_.draw(prompt_, {}, 0, terminal_.window());
    const std::string_view line = editor_->line();
    return typed_.draw(prompt_, show_line_ends(line), show_line_ends(line.substr(0, cursor)).size(),
                       terminal_.window());
}

void TelnetDialect::send_line() {
    put(draw(editor_->line().size()));
    put(typed_.leave(terminal_.window())); // it stays to be seen; the next one is begun below
    is_open_ = question_ == Question::nothing;
    lines_.push_back({Line{editor_->take()}, consumed_});
}

std::string TelnetDialect::ask(Question question, std::string_view words) {
    question_ = question;
    prompt_ = question == Question::nothing ? own_prompt : words;
    is_open_ = true;
    if (is_plain_) return {};
    out_ += terminal_.hide_echo(is_secret());
    if (!editor_) return question == Question::nothing ? std::string{} : std::string{words};
    editor_->allow_blocks(question == Question::nothing);
    take_keys(std::exchange(ahead_, {}));
    return {};
}

void TelnetDialect::lift(std::string& out) {
    if (typed_.is_drawn()) put(typed_.remove(terminal_.window()));
    out += std::exchange(out_, {});
}

void TelnetDialect::lay(std::string& out) {
    if (editor_ && is_open_ && !closed_) put(draw(editor_->cursor()));
    if (std::exchange(rings_, false)) out_ += '\a';
    out += std::exchange(out_, {});
}

void TelnetDialect::close(std::string& out) {
    if (!closed_ && editor_) {
        // What was not sent stays to be seen; chat(1) keeps it for its next connection.
        const bool stays = is_open_ && !is_secret() && !terminal_.is_chat() && !editor_->line().empty();
        if (stays) put(draw(editor_->cursor()));
        put(stays ? typed_.leave(terminal_.window()) : typed_.remove(terminal_.window()));
        if (!terminal_.type().empty()) put(end_pastes);
    }
    closed_ = true;
    out += std::exchange(out_, {});
}

// Of the reader's, also what ends the last line and came behind it (CR LF, CR NUL).
std::uint64_t TelnetDialect::taken() const {
    return editor_ || !lines_.empty() ? taken_ : consumed_ - reader_.buffered().size();
}

void TelnetDialect::remember(const std::string& line) {
    if (editor_) editor_->remember(line);
}

void TelnetDialect::complete(std::string_view words, std::size_t from, const Completed& completed) {
    if (!editor_ || std::string_view{editor_->line()}.substr(0, editor_->cursor()) != words) return;
    if (completed.word.empty())
        rings_ = completed.choice.empty();
    else
        rings_ = !editor_->replace(from, completed.word);
    if (terminal_.is_chat()) tell_line();
}

} // namespace

std::unique_ptr<Dialect> make_telnet_dialect(const TelnetStart& start) {
    return std::make_unique<TelnetDialect>(start);
}

} // namespace chatd
