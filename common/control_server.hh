// SPDX-License-Identifier: ISC
// The control socket, server side: lines of text over an AF_UNIX stream socket of mode 0600, in a daemon's
// parent; and others like it with fewer verbs, for whom those may be left to. `help' lists the verbs; data
// lines of an answer begin with a space, the last line is `ok' or `error REASON'. Whoever may open the socket
// may use every verb. A client that does not read its answer costs that answer's memory, and nothing more is
// done for it. Nothing that a client does ends the daemon, and what goes wrong with a connection closes that
// one.
#pragma once

#include "common/config.hh"
#include "common/fd.hh"
#include "common/line_reader.hh"
#include "common/loop.hh"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// The data lines of an answer, without their space; and, for an answer that goes on, where its further lines
// come from: no value means none for now, or, where is_busy says so, that it has looked for long enough and
// is to be asked again in the next round. It goes on until has_ended says so, if there is that; else until
// the client sends anything or leaves. However much there is, one round sends a few milliseconds' worth.
struct ControlAnswer {
    ControlAnswer(std::vector<std::string> data = {}) : lines(std::move(data)) {}
    std::vector<std::string> lines;
    std::function<std::optional<std::string>()> more;
    std::function<bool()> is_busy;
    std::function<bool()> has_ended;
    bool is_moved = false; // to the process that follows this one, if that is before its end (take_moved)
};

struct ControlVerb {
    std::string_view name;
    std::string_view arguments; // as help shows them
    std::string_view help;      // one line
    // What it throws as a std::runtime_error is answered as `error REASON'. That and the data may hold
    // anything: each is kept to its line.
    std::function<ControlAnswer(Words words)> run;
    // Takes the rest of the line as it was written, as one word.
    bool takes_rest = false;
};

class ControlServer {
public:
    static constexpr std::size_t max_clients = 16;
    static constexpr std::size_t max_line = 4096; // bytes

    // What is asked of clients that are not trusted; without these a client may wait for ever, and ask what
    // it likes.
    struct Manners {
        struct Refusal {
            std::string why;
            Clock::duration wait;
        };
        // One for whom no verb was done for so long is closed; and at the limit of clients whoever waits for
        // nothing, and for whom none was done for longest, makes room for who comes.
        std::chrono::seconds silence{};
        // Asked for each line, whatever it is. A value: the line is refused, and further ones of that client
        // are not looked at before that time has passed. A line that is too long ends the connection.
        std::function<std::optional<Refusal>()> refuse{};
    };
    ControlServer(Loop& loop, Fd listener, std::vector<ControlVerb> verbs)
        : ControlServer(loop, std::move(listener), std::move(verbs), Manners{}) {}
    ControlServer(Loop& loop, Fd listener, std::vector<ControlVerb> verbs, Manners manners);
    // Without close() the listener stays what it is: the keeper, which has the same socket, gives it to the
    // next process, if this one could not go on.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Asks the answers that go on for what is new.
    void continue_answers();

    // Those whose answer is_moved, and those who wait for none, since they have not asked yet, with what they
    // have said and is not yet heard, and what is not yet written: they are not served here any more.
    struct Moved {
        Fd socket;
        std::string input{}, output{};
        bool awaits_answer = false;

        // For a deposit, without the socket. No value: it has more to say, or to hear, than is left so.
        std::optional<std::string> pack() const;
        static Moved unpack(std::string_view bytes, Fd socket); // throws PeerError
    };
    std::vector<Moved> take_moved();
    // One of those, in the process that follows: its answer goes on so. At the limit of clients it is closed,
    // unless another makes room.
    void adopt(Moved moved, ControlAnswer answer = {});

    // Whether an answer is not given yet; one that is not taken may go to the process that follows.
    bool is_answering() const;
    // Whoever connects or asks anything from now on waits for the process that follows.
    void begin_hand_over() { stop_accepting(), hears_questions_ = false; }

    // Listens no more; whoever has made the socket removes its file. The connections that are open are the
    // caller's: they end when the daemon does, which is how whoever has asked for that knows.
    std::vector<Fd> close();

private:
    struct Client {
        Watch socket;
        LineReader input{max_line, LineEnds::newline};
        std::string output; // not yet written
        ControlAnswer going_on;
        bool ended = false;
        bool is_deaf = false;                   // until the next line may come
        Clock::time_point heard = Clock::now(); // when a verb was done for it

        bool goes_on() const { return going_on.more != nullptr; }
        bool flush();     // false: the client has gone
        bool take_more(); // as much as one round may take; true: there may be more at once
    };

    void accept_clients();
    Client& add(Fd accepted);
    std::map<int, Client>::iterator who_makes_room();
    void stop_accepting();
    void pause_accepting();
    void serve(int fd, const Event& event);
    void take_lines(int fd, Client& client);
    void hear(Client& client, const Line& line);
    void hear_again();
    void drop(int fd);
    void answer(Client& client, const Line& line) const;
    bool send_more(Client& client);
    void continue_soon();
    void watch_silence();
    void drop_silent();
    ControlAnswer run(Client& client, std::string_view line) const;

    Loop& loop_;
    std::vector<ControlVerb> verbs_;
    Fd listener_;
    Watch accepting_; // of the listener
    std::map<int, Client> clients_;
    Loop::TimerId pause_{};
    Loop::TimerId going_on_{}; // when answers that go on are asked for more
    bool goes_on_soon_ = false;
    Manners manners_;
    Loop::TimerId hearing_{}; // when those who are deaf hear again
    bool hears_questions_ = true;
    Loop::TimerId silence_end_{}; // of the one that has been silent for longest
    bool watches_silence_ = false;
};

} // namespace common
