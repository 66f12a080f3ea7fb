// SPDX-License-Identifier: ISC
// One client's handler, in a process of its own: owns the client's socket, speaks its dialect, hands its
// lines to the hub one at a time, and follows the logs of the rooms that it was let into. Trusts the hub;
// trusts nothing the client sends. It may fall behind as far as it likes: what it has not read costs nobody
// anything.
#pragma once

#include "chatd/handler/completion.hh"
#include "chatd/handler/display.hh"
#include "chatd/handler/room_view.hh"
#include "chatd/phrases.hh"
#include "chatd/protocol.hh"
#include "chatd/room_log/log_query.hh"
#include "chatd/sleep_word.hh"
#include "chatd/terminal/session_option.hh"
#include "common/fd.hh"
#include "common/poller.hh"
#include "common/signals.hh"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

// What a client has pasted so far, behind /paste.
struct Paste {
    std::string lines;
    std::size_t count = 0;
    bool too_long = false;
};

// What the question for a code is about: the rooms that need none.
struct OpenRooms {
    std::string first; // by an empty line
    std::string names; // the first ones, with commas
    std::size_t count = 0;

    void add(std::string_view row); // of the hub's list
};

// How far chat(1) has been told of what became of its bytes and lines (handler_session.cc).
struct SessionProgress {
    bool is_plain = false;                       // it is a pipe
    std::uint64_t dealt = 0;                     // of its bytes
    std::uint64_t announced = 0;                 // to the hub
    std::uint64_t refused = 0, told_refused = 0; // lines
    std::string place{};
    std::size_t placed = 0; // bytes of the output, of those not yet written, that stand before a place
};

class Handler {
public:
    struct Settings {
        common::Backend events{};
        std::chrono::seconds idle_timeout{}; // 0: none
        Language language{};                 // until the client chooses
    };
    Handler(const Settings& settings, const Catalogues& catalogues, common::Fd client, common::Fd hub,
            std::span<std::byte> page);
    // Serves the client until it, or the hub, is gone; the exit status.
    int run();

    // What a client can type with a `/' before it. Each is a function here, or becomes an act for the hub.
    struct Command {
        enum class Where { at_name, anywhere, at_code, inside, in_room };
        std::string_view name;
        std::string_view arguments; // as help shows them: in brackets what may be left out
        Where where;                // at the question for a name; at_code: from the one for a code on; inside
        void (Handler::*run)(std::string_view arguments);
        Kind act; // what the hub is to do and to write into the log, when there is no function
        Phrase help;
    };
    static std::span<const Command> commands();

private:
    enum class State { asking_name, asking_password, asking_code, inside };
    struct Gone {}; // thrown when the client, or the hub, is: there is nobody to say anything to

    // handler.cc: the logs, waiting. The first ones do what they can without waiting, and tell whether they
    // did anything.
    bool read_hub();
    bool follow_logs();
    bool answer_query();
    bool follow(RoomView& view);
    bool ask_for_segment(RoomView& view);
    void finish(std::string_view last_words, End end = End::for_good);
    bool is_done() const;
    bool has_room_for_output() const;
    bool has_caught_up() const;
    void look_again();
    bool prepare_to_sleep();
    void wait();
    std::optional<std::chrono::milliseconds> time_left() const;

    // handler_client.cc: what the client types, and is shown. The same.
    bool read_client();
    bool change_dialect();
    bool obey_client();
    bool grant_wishes();
    bool write_client();
    bool wants_input() const;
    std::optional<common::Line> next_line();
    void obey(const common::Line& line);
    void speak(const common::Line& line);
    void say(std::string lines);
    void say_block(std::string_view lines);
    void say_slashed(std::string_view line);
    void add_to_paste(const common::Line& line);
    void end_paste();
    void show(std::string_view bytes);
    Dialect& dialect() { return display_.dialect(); }
    const Dialect& dialect() const { return display_.dialect(); }

    // handler_completion.cc: the Tab key.
    void begin_completion(std::string before);
    bool ask_for_candidates();
    void take_candidates(const std::string& rows, std::uint32_t next);
    void end_completion(std::vector<std::string> candidates);

    // handler_session.cc: for chat(1), the client.
    void begin_session(std::string_view hello);
    void resume_session(std::uint64_t counted);
    void ask(Question question);
    void tell_asked(Question question);
    void tell_progress();
    void tell_end(End end);
    void announce_count();
    void count_refusal();
    bool is_for_a_program();
    bool is_plain() const { return session_ && session_->is_plain; }

    // handler_hub.cc: what the hub says.
    struct PacketRule; // which frame does what
    using Packet = std::span<const char>;
    void handle_packet(Packet packet, common::Fd passed);
    void on_accepted(Packet packet, common::Fd);
    void on_refused(Packet packet, common::Fd);
    void on_login_refused(Refusal why);
    void on_entered(Packet packet, common::Fd log);
    void on_segment(Packet packet, common::Fd log);
    void on_listing(Packet packet, common::Fd);
    void on_dismissed(Packet packet, common::Fd);
    void on_told(Packet packet, common::Fd);
    void on_token(Packet packet, common::Fd);
    void on_slowed(Packet packet, common::Fd);
    void on_resumed(Packet packet, common::Fd);
    void ask_hub(const std::string& packet, Message what, std::string_view about = {});
    void acknowledge_told();
    void ask_again();
    RoomView* view_of(std::uint32_t room);
    RoomView* find_view(std::string_view name);
    RoomView& current() { return *view_of(current_); } // when there is one

    // handler_commands.cc
    void obey_command(std::string_view line);
    static bool is_known_command(std::string_view line);
    enum class Door { greeting, help, rooms }; // why one who is not let in yet is told of rooms
    void look_at_door(Door why);
    void describe_door();
    void run_command(const Command& command, std::string_view arguments);
    void join(std::string_view arguments);
    void leave(std::string_view);
    void switch_room(std::string_view arguments);
    void list_rooms(std::string_view);
    void who(std::string_view arguments);
    void act_out(std::string_view arguments);
    void tell(std::string_view arguments);
    void reply(std::string_view arguments);
    void begin_paste(std::string_view);
    void topic(std::string_view arguments);
    void nick(std::string_view arguments);
    void away(std::string_view arguments);
    void history(std::string_view arguments);
    void since(std::string_view arguments);
    void search(std::string_view arguments);
    void skip_to_live(std::string_view);
    void ignore(std::string_view arguments);
    void quiet(std::string_view);
    void time(std::string_view arguments);
    void bell(std::string_view arguments);
    void colour(std::string_view arguments);
    void lang(std::string_view arguments);
    void list_bans(std::string_view);
    void become_operator(std::string_view arguments);
    void moderate(std::string_view arguments);
    void help(std::string_view arguments);
    void quit(std::string_view arguments);
    void be_bot(std::string_view);
    void resume(std::string_view arguments);
    void show_usage(std::string_view name);
    void catch_up();
    void start_query(std::uint64_t from, std::vector<std::string> words);
    void finish_query();

    std::chrono::seconds idle_timeout_;
    common::Fd client_;
    common::Fd hub_;
    SleepWord sleep_;
    common::Signals signals_;
    std::unique_ptr<common::Poller> poller_;
    Display display_;
    // Not on the stack, and not filled: a page more for each of thousands.
    std::unique_ptr<char[]> packet_ = std::make_unique_for_overwrite<char[]>(max_frame);
    std::string output_; // not yet written; bounded by has_room_for_output and max_untaken
    State state_ = State::asking_name;
    std::optional<common::Line> held_; // a line that was looked at, but has to wait
    bool hub_is_ready_ = true;         // what the last wait said, until a read has found nothing
    bool client_is_ready_ = true;
    bool input_ended_ = false;
    bool ending_ = false; // nothing more is taken in; what is in output_ is still written
    bool is_bot_ = false;
    bool is_script_ = false; // it sent its answers before it was asked
    Door door_ = Door::rooms;
    OpenRooms open_rooms_{};
    unsigned tries_left_ = max_tries;
    std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();

    bool waiting_for_answer_ = false;
    Message asked_{};         // what the hub has not answered yet
    std::string asked_about_; // its argument, for the answer's words
    std::uint32_t asked_room_ = 0;
    std::uint32_t entered_to_come_ = 0;  // after resuming
    std::vector<std::uint64_t> formers_; // the clients that it was before
    std::string token_;                  // to be shown when it is in a room

    std::vector<std::unique_ptr<RoomView>> views_; // in the order of entering
    std::uint32_t current_ = 0;                    // the room that is spoken in; 0: none

    // What /history, /since and /search have begun; meanwhile the rooms wait.
    struct Query {
        LogQuery log;
        std::uint32_t room;
        bool is_search;
        std::uint64_t found = 0;
        std::deque<std::string> last{}; // of a search: what was found last
    };
    std::optional<Query> query_;

    struct Completing {
        std::string before; // the line up to the cursor
        Completion wanted;
        bool is_asked = false; // the hub
        std::vector<std::string> candidates{};
    };
    std::optional<Completing> completing_;

    // What chat(1) has been told.
    std::optional<SessionProgress> session_;
    std::uint64_t dealing_ = 0, held_end_ = 0; // the ends of the line that is dealt with, and of held_

    std::optional<Paste> paste_;
    std::uint64_t last_teller_ = 0; // who told this client something last; 0: nobody
    std::uint32_t untaken_ = 0;     // private messages that wait in output_
};

} // namespace chatd
