// SPDX-License-Identifier: ISC
// A look into the log of a room, for /history, /since and /search. Lines that are asked for by number are
// shown while the client takes them, and the rooms wait meanwhile. A search that takes longer goes on in
// slices between everything else, and shows what it has found at its end. Run by handlers.
#pragma once

#include "chatd/handler/hub_talk.hh"
#include "chatd/handler/log_walk.hh"
#include "chatd/handler/typed/client_output.hh"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatd {

class Lookup {
public:
    static constexpr std::size_t max_found = 50;    // lines of a search that are shown: the last ones
    static constexpr std::size_t slice = 1000;      // records that are looked at at once: about a millisecond
    static constexpr unsigned slices_in_order = 20; // after these what is typed waits for a search no more

    Lookup(ClientOutput& output, HubTalk& hub) : output_(output), hub_(hub) {}

    struct Wanted {
        std::uint32_t room = 0;
        std::uint64_t from = 0, until = 0; // the first line, and the one after the last
        std::vector<std::string> words{};  // of a search; none: all lines
    };
    // When one is running it waits for that one's end, and everything that is typed waits with it.
    void start(Wanted wanted);
    bool is_running() const { return running_.has_value(); }
    // Whether the rooms wait for it; whether what the client types does.
    bool holds_rooms() const { return running_ && running_->wanted.words.empty(); }
    bool holds_client() const {
        return holds_rooms() || waiting_ ||
               (running_ && (running_->holds_client || running_->slices < slices_in_order));
    }
    // What was typed now, and all after it, is to wait for the end of this one.
    void hold_client() { running_->holds_client = true; }
    // Goes on as far as it can without waiting, a slice at the most; whether anything was done.
    bool go_on();
    // What the hub has answered to a request of ours: the log goes on in this segment; or there is no more.
    void open(std::uint32_t segment, common::Fd log, std::uint64_t offset) {
        running_->log.open(segment, std::move(log), offset);
    }
    void end_log() { running_->log.end(); }

private:
    struct Running {
        Running(HubTalk& hub, Wanted what)
            : wanted(std::move(what)), log(hub, wanted.room, {wanted.from, wanted.until, wanted.words}) {}

        Wanted wanted;
        LogWalk log;
        bool holds_client = false;
        unsigned slices = 0;
        std::uint64_t found = 0;
        std::deque<Record> last{}; // of a search: what was found last
    };

    void look();
    void finish();

    ClientOutput& output_;
    HubTalk& hub_;
    std::optional<Running> running_;
    std::optional<Wanted> waiting_;
};

} // namespace chatd
