// SPDX-License-Identifier: ISC
#include "tests/e2e/irc_people.hh"

#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/tmux.hh"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

namespace e2e {
namespace {

using common::Fd;
using common::text;

// What a client shows of each kind of event, with WHO, BY and ROOM for what is different each time.
using Shown = std::array<std::string, 5>;

std::string filled(std::string words, const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = words.find(what, at)) != words.npos; at += with.size())
        words.replace(at, what.size(), with);
    return words;
}

std::string shown(const Shown& table, const IrcEvent& event, const std::string& channel) {
    std::string words = table.at(static_cast<std::size_t>(event.kind));
    words = filled(std::move(words), "WHO", event.who);
    words = filled(std::move(words), "BY", event.by);
    return filled(std::move(words), "ROOM", channel);
}

// A client that has the whole screen, with a window for each channel and each person who writes.
class FullScreen : public IrcPerson {
public:
    struct Manner {
        std::string registered; // what is to be seen then
        std::string entered;    // and when it has come into the channel, before who is there
        std::string window;     // the command that shows a window, which its name follows
        Shown shown;
    };
    FullScreen(Manner manner, const std::string& command)
        : manner_(std::move(manner)), terminal_(150, 50, text("env LC_ALL=C.UTF-8 ", command)) {}

    void join(const std::string& channel, const Words& present) override {
        channel_ = channel;
        terminal_.wait_for(manner_.registered);
        enter(text("/join ", channel));
        terminal_.wait_for(filled(manner_.entered, "ROOM", channel));
        for (const std::string& name : present) terminal_.wait_for(name);
    }
    void say(const std::string& words) override { enter(words); }
    void act(const std::string& words) override { enter("/me " + words); }
    void tell(const std::string& name, const std::string& words) override {
        enter(text("/msg ", name, ' ', words));
    }
    void set_topic(const std::string& topic) override { enter("/topic " + topic); }
    void kick(const std::string& name) override { enter(text("/kick ", name, " out")); }
    void set_mode(const std::string& change) override { enter(text("/mode ", channel_, ' ', change)); }

    void hear(const std::string& words) override { terminal_.wait_for(words); }
    void be_told(const std::string& name, const std::string& words) override {
        enter(text(manner_.window, ' ', name));
        terminal_.wait_for(words);
        enter(text(manner_.window, ' ', channel_));
    }
    void see(const IrcEvent& event) override { terminal_.wait_for(shown(manner_.shown, event, channel_)); }

protected:
    const std::string& channel() const { return channel_; }
    void enter(const std::string& line) {
        terminal_.type(line);
        terminal_.press({"Enter"});
    }

private:
    Manner manner_;
    std::string channel_;
    Tmux terminal_;
};

// Its home, which outlives it.
struct Home {
    TempDir folder;
};

class Irssi : private Home, public FullScreen {
public:
    explicit Irssi(const IrcPlace& place)
        : FullScreen({.registered = "Your host is",
                      .entered = "ada [u@chat] has joined ROOM",
                      .window = "/window goto",
                      .shown = {"WHO [u@chat] has joined ROOM", "WHO [u@chat] has left ROOM",
                                "WHO was kicked from ROOM by BY", "mode/ROOM [+m] by BY",
                                "mode/ROOM [+v WHO] by BY"}},
                     text("irssi --home=", configured(), " -c 127.0.0.1 -p ", place.port, " -n ada")) {}

private:
    // It waits two seconds after each command otherwise.
    std::string configured() {
        write_file(
            folder / "config",
            "settings = { \"irc/core\" = { cmd_queue_speed = \"10msec\"; cmds_max_at_once = \"100\"; }; };");
        return folder.path();
    }
};

class Weechat : private Home, public FullScreen {
public:
    explicit Weechat(const IrcPlace& place)
        : FullScreen({.registered = "Your host is",
                      .entered = "(u@chat) has joined ROOM",
                      .window = "/buffer",
                      .shown = {"WHO (WHO) (u@chat) has joined ROOM", "WHO (u@chat) has left ROOM",
                                "BY has kicked WHO", "Mode ROOM [+m] by BY", "Mode ROOM [+v WHO] by BY"}},
                     text("weechat -d ", folder.path().native(),
                          " -r \"/set irc.server_default.anti_flood_prio_high 0;"
                          "/set irc.look.server_buffer independent;/buffer *irc.server.test;"
                          "/server add test 127.0.0.1/",
                          place.port, " -nicks=ada;/connect test\"")) {}
};

class Catgirl : private Home, public FullScreen {
public:
    explicit Catgirl(const IrcPlace& place)
        : FullScreen({.registered = "You arrive in",
                      .entered = "ada arrives in ROOM",
                      .window = "/window",
                      .shown = {"WHO arrives in ROOM", "WHO leaves ROOM", "BY kicks WHO out of ROOM",
                                "BY sets ROOM +m", "BY sets +WHO +v voice in ROOM"}},
                     text("env HOME=", folder.path().native(), " catgirl -t ", place.certificate,
                          " -h localhost -p ", place.port, " -n ada")) {}
    void set_mode(const std::string& change) override { enter("/mode " + change); }
};

// One that shows the protocol as it is, or next to that: what it has no command for is written out.
class Plain : public IrcPerson {
public:
    explicit Plain(Shown shown) : shown_(std::move(shown)) {}

    void act(const std::string& words) override {
        say(text("\x01"
                 "ACTION ",
                 words, '\x01'));
    }
    void set_topic(const std::string& topic) override { send(text("TOPIC ", channel_, " :", topic)); }
    void kick(const std::string& name) override { send(text("KICK ", channel_, ' ', name, " :out")); }
    void set_mode(const std::string& change) override { send(text("MODE ", channel_, ' ', change)); }

    void hear(const std::string& words) override { wait_for(words); }
    void see(const IrcEvent& event) override { wait_for(shown(shown_, event, channel_)); }

protected:
    virtual void send(const std::string& line) = 0; // to the server
    virtual void wait_for(const std::string& text) = 0;
    std::string channel_;

private:
    Shown shown_;
};

class Sic : public Plain {
public:
    explicit Sic(const IrcPlace& place)
        : Plain({">< JOIN (ROOM): ", ">< PART (ROOM): ", ">< KICK (ROOM WHO): ", ">< MODE (ROOM +m): ",
                 ">< MODE (ROOM +v WHO): "}),
          process_({"sic", "-h", "127.0.0.1", "-p", std::to_string(place.port), "-n", "ada"}) {}

    void join(const std::string& channel, const Words& present) override {
        channel_ = channel;
        wait_for(" 422 "); // no message of the day: all was said
        send(text(":j ", channel));
        wait_for(">< 353 (ada = " + channel);
        for (const std::string& name : present) process_.out().wait_for(name, seen_);
    }
    // It sees of two lines that come at once only the first, until there is another: so its echo is awaited.
    void say(const std::string& words) override {
        send(words);
        wait_for("<ada> " + words);
    }
    void tell(const std::string& name, const std::string& words) override {
        send(text(":m ", name, ' ', words));
        wait_for("<ada> " + words);
    }
    void be_told(const std::string& name, const std::string& words) override {
        wait_for(text('<', name, "> ", words));
    }

protected:
    void send(const std::string& line) override {
        const bool is_command =
            line.find("TOPIC ") == 0 || line.find("KICK ") == 0 || line.find("MODE ") == 0;
        process_.write(text(is_command ? ":" : "", line, '\n'));
    }
    void wait_for(const std::string& text) override { seen_ = process_.out().wait_for(text, seen_); }

private:
    std::size_t seen_ = 0; // of its output: what was waited for stands before that
    Process process_;
};

// It has a folder for the server, and in that one for each channel and person: what is written to the file
// `in' there is sent, and what comes stands in `out'.
class Ii : private Home, public Plain {
public:
    explicit Ii(const IrcPlace& place)
        : Plain({"WHO(u@chat) has joined ROOM", "WHO(u@chat) has left ROOM", "BY kicked WHO",
                 "BY changed mode/ROOM -> +m", "BY changed mode/ROOM -> +v WHO"}),
          server_(folder / "127.0.0.1"),
          process_({"ii", "-s", "127.0.0.1", "-p", std::to_string(place.port), "-n", "ada", "-i",
                    folder.path().native()}) {}

    void join(const std::string& channel, const Words& present) override {
        channel_ = channel;
        wait_for_in(server_ / "out", "Your host is");
        write(server_ / "in", "/j " + channel);
        see({.kind = IrcEvent::Kind::joined, .who = "ada", .by = {}});
        for (const std::string& name : present) wait_for_in(server_ / "out", name);
    }
    void say(const std::string& words) override { write(server_ / channel_ / "in", words); }
    void tell(const std::string& name, const std::string& words) override {
        send(text("PRIVMSG ", name, " :", words));
    }
    void be_told(const std::string& name, const std::string& words) override {
        wait_for_in(server_ / name / "out", words);
    }

protected:
    // Into the same file as what is said, so that all keeps its order.
    void send(const std::string& line) override { write(server_ / channel_ / "in", '/' + line); }
    void wait_for(const std::string& text) override { wait_for_in(server_ / channel_ / "out", text); }

private:
    static void write(const Path& fifo, const std::string& line) {
        Fd writer;
        wait_until("ii reads " + fifo.native(), [&] {
            writer.reset(::open(fifo.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
            return static_cast<bool>(writer);
        });
        const std::string bytes = line + '\n';
        if (::write(writer.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
            throw Failure{"ii does not take " + line};
    }
    static void wait_for_in(const Path& file, const std::string& words) {
        wait_until(text(file.native(), " has ", words), [&] {
            return std::filesystem::exists(file) && read_file(file).find(words) != std::string::npos;
        });
    }

    Path server_;
    Process process_;
};

} // namespace

std::unique_ptr<IrcPerson> with_irssi(const IrcPlace& place) { return std::make_unique<Irssi>(place); }
std::unique_ptr<IrcPerson> with_weechat(const IrcPlace& place) { return std::make_unique<Weechat>(place); }
std::unique_ptr<IrcPerson> with_catgirl(const IrcPlace& place) { return std::make_unique<Catgirl>(place); }
std::unique_ptr<IrcPerson> with_sic(const IrcPlace& place) { return std::make_unique<Sic>(place); }
std::unique_ptr<IrcPerson> with_ii(const IrcPlace& place) { return std::make_unique<Ii>(place); }

} // namespace e2e
