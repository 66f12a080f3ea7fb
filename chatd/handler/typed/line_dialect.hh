// SPDX-License-Identifier: ISC
// The dialect of a person with nc: prompts without a line's end, one line for each event, and no prompt in a
// room, since nothing can be redrawn there. Lines end as the client's first one did; the last one may end
// with the input alone. Every client is taken for one of nc until it turns out to speak telnet. Run by
// handlers, which trust nothing the client sends.
#pragma once

#include "chatd/handler/typed/dialect.hh"
#include "chatd/handler/typed/telnet_dialect.hh"
#include "chatd/protocol.hh"

#include <memory>

namespace chatd {

class LineDialect : public Dialect {
public:
    common::IoState fill(int client) override { return input_.fill(client); }
    bool is_full() const override { return input_.full(); }
    std::optional<common::Line> next_line() override;
    bool has_lines() const override;
    bool drop_input() override { return input_.drop(); }
    void end_input(bool is_whole) override {
        input_ended_ = true;
        is_rest_whole_ = is_whole;
    }
    std::optional<Clock::time_point> waits_until() const override { return alone_until_; }
    std::string ask(Asked asked, std::string_view words) override;
    std::string_view line_end() const override { return end_; }
    bool shows_colours() const override { return false; }

    // The client speaks telnet after all: its dialect goes on where this one is. To be asked before
    // next_line.
    std::unique_ptr<TelnetDialect> take_successor();

private:
    common::LineReader input_{max_text, common::LineEnds::any, max_batch};
    bool input_ended_ = false;
    bool is_rest_whole_ = false; // at that end
    bool seen_first_line_ = false;
    std::string_view end_ = "\n";
    std::string question_; // the first one's words
    // The first line ends as telnet's do, and nothing else has come; it waits until then whether more does.
    std::optional<Clock::time_point> alone_until_;
    bool awaits_half_ = false; // only the CR of its end has come
    bool is_half_given_up_ = false;
};

} // namespace chatd
