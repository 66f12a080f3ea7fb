// SPDX-License-Identifier: ISC
// The dialect of a person with nc: prompts without a line's end, one line for each event, and no prompt in a
// room, since nothing can be redrawn there. Lines end as the client's first one did.
#include "chatd/handler/dialect.hh"

#include "chatd/handler/telnet_dialect.hh"
#include "chatd/protocol.hh"
#include "chatd/terminal/telnet.hh"
#include "common/text.hh"

using namespace common;

namespace chatd {
namespace {

constexpr char iac = static_cast<char>(telnet::Command::iac);

class LineDialect : public Dialect {
public:
    IoState fill(int client) override { return input_.fill(client); }
    bool is_full() const override { return input_.full(); }
    std::optional<Line> next_line() override;
    bool has_lines() const override { return !input_.buffered().empty(); }
    void end_input() override { input_ended_ = true; }
    std::optional<Clock::time_point> waits_until() const override { return alone_until_; }
    std::unique_ptr<Dialect> take_successor() override;

    std::string ask(Question question, std::string_view words) override;
    std::string_view line_end() const override { return end_; }
    std::string bell() const override { return "\a"; }

private:
    LineReader input_{max_text, LineEnds::any, max_batch};
    bool input_ended_ = false;
    bool seen_first_line_ = false;
    std::string_view end_ = "\n";
    std::string question_; // the first one's words
    // The first line ends in CR LF, and nothing else has come; it waits until then whether more does.
    std::optional<Clock::time_point> alone_until_;
};

std::optional<Line> LineDialect::next_line() {
    if (alone_until_) return {};
    std::optional<Line> line = input_.next();
    if (line) {
        if (!std::exchange(seen_first_line_, true) && input_.ended_in_crlf()) end_ = "\r\n";
    } else if (input_ended_)
        input_.consume(input_.buffered().size()); // half a line
    return line;
}

// A telnet client sends a command first, or, on a port that is not telnet's, nothing but what is typed: then
// the first line, which ends in CR LF, comes alone. nc does neither, unless with -C: of a pipe it sends line
// by line without a pause; what a person is sent who types at nc -C, see telnet_dialect.hh.
std::unique_ptr<Dialect> LineDialect::take_successor() {
    constexpr std::chrono::milliseconds pause{100};
    const std::string_view bytes = input_.buffered();
    if (seen_first_line_ || bytes.empty()) return nullptr;
    if (bytes[0] == iac) return make_telnet_dialect({question_, std::string{bytes}, {}});
    const std::size_t end = bytes.find_first_of(std::string_view{"\r\n\0", 3});
    const bool is_alone =
        end != bytes.npos && bytes.substr(end) == "\r\n" && input_.at_line_start() && !input_ended_;
    if (!is_alone) {
        alone_until_.reset();
        return nullptr;
    }
    if (!alone_until_) alone_until_ = Clock::now() + pause;
    if (Clock::now() < *alone_until_) return nullptr;
    return make_telnet_dialect({question_, {}, Line{std::string{bytes.substr(0, end)}}});
}

std::string LineDialect::ask(Question question, std::string_view words) {
    if (question == Question::nothing) return {};
    if (!seen_first_line_) question_ = words;
    return std::string{words};
}

} // namespace

std::unique_ptr<Dialect> make_line_dialect() { return std::make_unique<LineDialect>(); }

} // namespace chatd
