// SPDX-License-Identifier: ISC
// chat's side of a conversation with chatd, over all the connections that it takes: what is asked and
// answered, and how it is taken up again after a connection broke.
// Trusts nothing that the server sends; what is to be shown has yet to be made harmless. Works on bytes,
// without descriptors or a clock.
#pragma once

#include "chatd/chat/backlog.hh"
#include "chatd/terminal/session_option.hh"
#include "chatd/terminal/telnet_options.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

class ChatSession {
public:
    // What the user has said beforehand.
    struct Profile {
        std::string name{};                // empty: the user is asked
        std::optional<std::string> code{}; // of the room
        std::string language{};            // empty: the server's
        std::string terminal_type{};
        bool is_plain = false; // a pipe: lines, and nothing else
    };
    explicit ChatSession(Profile profile) : profile_(std::move(profile)) {}

    // A connection has come about. Nothing is sent but an offer, until the server has taken it.
    void begin();
    // The connection has broken. What was typed and not dealt with is kept if it can be said later.
    void lose();

    // Bytes that the server has sent; what there is to show of them, which is as far as its last `place'.
    // Throws common::PeerError when a pipe's answer is refused, or it is asked what it cannot answer.
    std::string hear(std::string_view bytes);
    // Keys; from a pipe bytes, whose first lines answer the questions that the profile leaves open. Returns
    // false if they are dropped: there are too many, or they can be used neither now nor later.
    bool type(std::string_view keys);
    // Of a pipe: nothing more will be typed.
    void end_input();
    // The window's size has changed.
    void resize(telnet::WindowSize size);
    telnet::WindowSize window() const { return window_; } // as it was told last, or will be
    // Sends something that the server will answer, if it is alive.
    void ask_whether_there();
    // What is to be sent now.
    std::string take_output() { return std::exchange(out_, {}); }

    bool is_understood() const { return options_.is_on(telnet::Side::ours, telnet::Option::chat); }
    // The server does not know the offer, or has refused it: it speaks lines. What it has said so far.
    bool was_refused() const {
        return !options_.is_open(telnet::Side::ours, telnet::Option::chat) && !is_understood();
    }
    std::string take_greeting() { return std::exchange(greeting_, {}); }

    bool is_inside() const { return asked_ == Asked::nothing; }
    // Of a pipe: why the name that it had on an earlier connection is refused now, in words; empty: it is
    // not. Mostly that connection is dead and the server does not know yet.
    const std::string& kept_out() const { return kept_out_; }
    // What was typed and was not dealt with; how many lines were refused.
    const Backlog& backlog() const { return backlog_; }
    std::uint64_t refused() const { return refused_; }
    std::optional<End> end() const { return end_; } // as the server has announced it
    // Once after each: the place was taken again; or it was lost, with its token, and another was taken.
    enum class Return { none, resumed, joined_again };
    Return take_return() { return std::exchange(return_, Return::none); }

private:
    void hear_option(telnet::Command verb, telnet::Option option);
    void hear_message(const SessionText& message);
    void look_for_own(bool looks);
    void be_asked(std::string_view body);
    bool answer_by_profile();
    void answer(std::string_view line);
    void pump();
    void take_up(std::uint64_t dealt);
    void say(std::string_view keys);

    Profile profile_;
    telnet::WindowSize window_{};
    telnet::Decoder decoder_;
    telnet::Options options_;
    std::string out_;
    std::string greeting_;       // what came before the offer was taken
    std::string unplaced_;       // what is to be shown when it is said how far that is,
    std::string placed_;         // and what can be shown now
    std::optional<Asked> asked_; // by the server, on this connection
    bool is_answered_ = false;   // of a pipe
    bool is_resuming_ = false;
    bool looks_for_own_ = false; // the server tells which lines of the connection before were said
    Mark next_mark_;             // meanwhile, of this connection
    bool input_ended_ = false;
    bool was_inside_ = false;   // at any time
    bool is_at_secret_ = false; // the last question but for a name was for one, on whatever connection
    bool name_was_tried_ = false, code_was_tried_ = false; // on this connection
    bool name_was_ours_ = false;                           // at any time
    std::string kept_out_;
    std::optional<End> end_;
    Return return_ = Return::none;

    std::string token_, place_;
    std::uint64_t refused_ = 0, refused_before_ = 0; // before: on earlier connections
    Backlog backlog_;
    std::string last_words_; // that the server has shown, for a pipe's error
};

} // namespace chatd
