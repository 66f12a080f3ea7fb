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

    // silence: a client that has asked nothing for so long makes room for another; 0: it may wait for ever.
    ControlServer(Loop& loop, Fd listener, std::vector<ControlVerb> verbs, std::chrono::seconds silence = {});
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
    // One of those, in the process that follows: its answer goes on so. At the limit of clients it is closed.
    void adopt(Moved moved, ControlAnswer answer = {});

    // Whether an answer is not given yet, or not taken.
    bool is_answering() const;
    // Whoever connects from now on waits for the process that follows.
    void accept_no_more() { stop_accepting(); }

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
        Clock::time_point heard = Clock::now();

        bool goes_on() const { return going_on.more != nullptr; }
    };

    void accept_clients();
    Client& add(Fd accepted);
    void stop_accepting();
    void pause_accepting();
    void serve(int fd, const Event& event);
    void take_lines(int fd, Client& client);
    bool flush(Client& client) const; // false: the client has gone
    void drop(int fd);
    void answer(Client& client, const Line& line) const;
    bool take_more(Client& client) const;
    bool send_more(Client& client);
    void continue_soon();
    void watch_silence();
    void drop_silent();
    ControlAnswer run(std::string_view line) const;
    std::vector<std::string> help() const;

    Loop& loop_;
    std::vector<ControlVerb> verbs_;
    Fd listener_;
    Watch accepting_; // of the listener
    std::map<int, Client> clients_;
    Loop::TimerId pause_{};
    Loop::TimerId going_on_{}; // when answers that go on are asked for more
    bool goes_on_soon_ = false;
    std::chrono::seconds silence_;
    Loop::TimerId silence_end_{}; // of the one that has been silent for longest
    bool watches_silence_ = false;
};

} // namespace common
