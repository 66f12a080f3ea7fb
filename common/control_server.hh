// SPDX-License-Identifier: ISC
// The control socket, server side: lines of text over an AF_UNIX stream socket of mode 0600, in a daemon's
// parent. `help' lists the verbs; data lines of an answer begin with a space, the last line is `ok' or
// `error REASON'. Whoever may open the socket may use every verb. A client that does not read its answer
// costs that answer's memory, and nothing more is done for it. Nothing that a client does ends the daemon.
#pragma once

#include "common/config.hh"
#include "common/fd.hh"
#include "common/line_reader.hh"
#include "common/loop.hh"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace common {

// The data lines of an answer, without their space; and, for an answer that goes on, where its further lines
// come from: no value means none for now. It goes on until has_ended says so, if there is that; else until
// the client sends anything or leaves.
struct ControlAnswer {
    ControlAnswer(std::vector<std::string> data = {}) : lines(std::move(data)) {}
    std::vector<std::string> lines;
    std::function<std::optional<std::string>()> more;
    std::function<bool()> has_ended;
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

    ControlServer(Loop& loop, Fd listener, std::vector<ControlVerb> verbs);
    ~ControlServer(); // closes
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Asks the answers that go on for what is new.
    void continue_answers();

    // Listens no more; whoever has made the socket removes its file. The connections that are open are the caller's: they end
    // when the daemon does, which is how whoever has asked for that knows.
    std::vector<Fd> close();

private:
    struct Client {
        Watch socket;
        LineReader input{max_line, LineEnds::newline};
        std::string output;                               // not yet written
        std::function<std::optional<std::string>()> more; // of an answer that goes on
        std::function<bool()> has_ended;
        bool ended = false;
    };

    void accept_clients();
    void pause_accepting();
    void serve(int fd, const Event& event);
    void take_lines(int fd, Client& client);
    bool flush(Client& client) const; // false: the client has gone
    void drop(int fd);
    void answer(Client& client, const Line& line) const;
    void take_more(Client& client) const;
    bool send_more(Client& client) const;
    ControlAnswer run(std::string_view line) const;
    std::vector<std::string> help() const;

    Loop& loop_;
    std::vector<ControlVerb> verbs_;
    Fd listener_;
    Watch accepting_; // of the listener
    std::map<int, Client> clients_;
    Loop::TimerId pause_{};
};

} // namespace common
