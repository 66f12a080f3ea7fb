// SPDX-License-Identifier: ISC
// A file of the state directory that is written while the hub goes on: by a forked child, since a disk may
// take seconds. Changes that come meanwhile are saved together, in the next child. What cannot be saved is
// said in the log, and tried again. Run by the hub.
#pragma once

#include "common/log.hh"
#include "common/loop.hh"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>

namespace chatd {

class BackgroundSave {
public:
    // what: for the log, "the bans". content: what the file is to hold; it is called in the child.
    BackgroundSave(common::Loop& loop, common::Log& log, std::string path, std::string what,
                   std::function<std::string()> content);
    ~BackgroundSave(); // waits for the child, if there is one
    BackgroundSave(const BackgroundSave&) = delete;
    BackgroundSave& operator=(const BackgroundSave&) = delete;

    // The content is another now: it is saved at once, or as soon as the save before is a second old. The
    // number of this change; they are counted from 1.
    std::uint64_t note_change();
    // Called when the file has all changes up to this one.
    void tell_saved(std::function<void(std::uint64_t change)> on_saved) { on_saved_ = std::move(on_saved); }
    // When the hub stops: returns when the last change is in the file, or the log says why it is not.
    void finish();

private:
    void begin_at(common::Clock::time_point when);
    void begin();
    int save(int told) const;
    void hear();
    void end(const std::string& why_not);
    void reap();

    common::Loop& loop_;
    common::Log& log_;
    std::string path_;
    std::string what_;
    std::function<std::string()> content_;

    std::function<void(std::uint64_t)> on_saved_ = [](std::uint64_t) {};
    std::uint64_t changes_ = 0, changes_in_save_ = 0; // of those, when the last save began
    bool is_changed_ = false;                         // since the last save began
    common::Watch words_;                             // of the child, about how it went; its end
    std::string heard_;                               // of them
    pid_t child_ = -1;                                // until it is known to have ended
    common::Loop::TimerId next_{};
    bool waits_ = false; // for the time of the next save
    common::Clock::time_point begun_{};
    std::chrono::seconds pause_;
};

} // namespace chatd
