// SPDX-License-Identifier: ISC
// A child's end of its keeper: what was opened for it, by label, what it may ask for, and what it tells. Run
// by the processes that a keeper starts; they trust it.
#pragma once

#include "common/fd.hh"
#include "common/keeper/keeper_pair.hh"
#include "common/log.hh"
#include "common/loop.hh"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace common {

// Its ready-made labels. What else there is, each daemon's plan says.
inline constexpr std::string_view label_of_state = "state lock", label_of_control = "control",
                                  label_of_log = "log",
                                  label_of_listener = "listen ", // its address, and, if so, the next two
    listener_is_irc = " irc", listener_is_tls = " tls",
                                  label_of_inherited = "inherited ", // a service manager's, likewise
    label_of_group_socket = "group socket ",                         // its path
    label_of_users = "users";
// A listener's label, and what those who came in by it speak from their first byte on. A path has no TLS.
struct ListenerLabel {
    constexpr explicit ListenerLabel(std::string_view label) : place(label) {
        const bool is_inherited = label.starts_with(label_of_inherited);
        if (!is_inherited && !label.starts_with(label_of_listener)) return;
        const std::size_t address = (is_inherited ? label_of_inherited : label_of_listener).size();
        const bool is_path = label.substr(address).starts_with("unix:");
        while (!is_path && place.ends_with('+')) place.remove_suffix(1);
        is_tls = !is_path && take(listener_is_tls);
        is_irc = take(listener_is_irc);
    }
    std::string_view place; // the label without the words of what is spoken
    bool is_irc = false, is_tls = false;

private:
    constexpr bool take(std::string_view word) {
        if (!place.ends_with(word)) return false;
        place.remove_suffix(word.size());
        return true;
    }
};
constexpr bool speaks_tls(std::string_view label) { return ListenerLabel{label}.is_tls; }
constexpr bool speaks_irc(std::string_view label) { return ListenerLabel{label}.is_irc; }

struct Given {
    std::string label;
    Fd fd;
    pid_t pid = -1; // of the process at the other end of a pair
};

class KeeperLink {
public:
    struct Callbacks {
        std::function<void(Given)> on_given{}; // what the child has not asked for
        std::function<void(const std::string& label)> on_taken_back{};
        std::function<void(int signal)> on_signal{};
        // A configuration that was read again, with what could not be opened for it; asked: by this child.
        std::function<void(bool asked, std::vector<ConfigLine> lines, std::vector<Note> told)> on_config{};
        std::function<void(bool asked, const std::string& why)> on_refusal{}; // it could not be read
        std::function<void()> on_lost{};                                      // the keeper has ended
        // has_deposited_all() has become true after it was false.
        std::function<void()> on_deposited{};
        // A process that a predecessor had forked has ended (Linux: common/subreaper.hh).
        std::function<void(pid_t pid, int status)> on_orphan_end{};
        // All that the process which follows needs is to be deposited; then tell_handed_over, and the end.
        std::function<void()> on_hand_over{};
        // How an upgrade goes that somebody has asked for.
        struct UpgradeWord {
            std::string line; // empty: none
            bool is_over, has_failed;
        };
        std::function<void(const UpgradeWord& word)> on_upgrade_word{};
        std::function<void()> on_stay{}; // on_trial() is over
    };

    // Takes what is given at a start. Throws PeerError when the keeper ends before that.
    explicit KeeperLink(Fd pair);
    KeeperLink(const KeeperLink&) = delete;
    KeeperLink& operator=(const KeeperLink&) = delete;

    // What was given at the start for the label, or for each that begins with it, in their order; each once.
    Given take(std::string_view label);
    std::vector<Given> take_all(std::string_view begin);

    // What a predecessor, which has died or handed over, has left under labels that begin so, in the order in
    // which they were first deposited; each once. fd: none where the keeper had no room for it.
    struct Left {
        std::string label, bytes;
        Fd fd;
    };
    std::vector<Left> take_left(std::string_view begin);
    bool follows_another() const { return follows_another_; } // a predecessor's clients may be there
    // And it was not killed from outside: what it did then may be why it died.
    bool predecessor_failed() const { return (beginning_ & Beginning::predecessor_failed) != 0; }
    // It is the first of a new version, and the old one goes on if it fails: until on_stay nothing may be
    // written that the old version does not read.
    bool is_on_trial() const { return (beginning_ & Beginning::on_trial) != 0; }
    // Who cannot go on with this version is let go, and not a reason to leave the old one (tell_unable).
    bool is_forced() const { return (beginning_ & Beginning::by_force) != 0; }

    // It is on no trial, and has to do what one before was to do when it heard that it stays.
    bool inherits_stay() const { return (beginning_ & Beginning::stay_is_due) != 0; }

    // Leaves bytes and at most one descriptor with the keeper, for whoever follows this process, in place of
    // what stands under the label. All deposits are heard in their order: what the keeper has is always what
    // this process had some time ago. fd: is borrowed; -1: the one that stands there stays. Caps:
    // max_deposit_label, max_keeper_text (PeerError), max_deposits, max_deposited (the keeper kills this
    // process). Throws std::system_error where it has to wait and no descriptor is free; then nothing was
    // deposited.
    void deposit(std::string_view label, std::string_view bytes, int fd = -1);
    // Its descriptor is closed, too.
    void withdraw(std::string_view label);
    // The kernel has taken all, and so the keeper will have it, whatever becomes of this process. What rests
    // on a deposit is told to nobody before.
    bool has_deposited_all() const { return pair_.has_sent_all(); }

    // From now on loop, which must outlive this, serves it.
    void attach(Loop& loop, Callbacks callbacks);

    // Before that ends: nothing is heard any more.
    void detach() { pair_.detach(); }

    // Asks for what label stands for; the answer comes later. Without a descriptor why tells.
    using OnAnswer = std::function<void(Fd given, const std::string& why)>;
    void want(std::string_view label, OnAnswer on_answer);
    // Waits for the answer, for a few seconds at the most; for a process without a loop over this. Throws
    // UserError.
    Fd want_now(std::string_view label);

    void ask_for_reload() { tell({.word = KeeperWord::reload}); }
    void ask_for_upgrade(bool by_force) { tell({.word = KeeperWord::upgrade, .flag = by_force}); }
    // All is deposited. Waits until the keeper has it, for a few seconds at the most; the end is to follow.
    void tell_handed_over();
    // On trial: why this process cannot serve. Waits as above, and the end is to follow; the old version goes
    // on.
    void tell_unable(std::string_view why);
    // All that follows from on_stay, or from inherits_stay, is done.
    void tell_stayed() { tell({.word = KeeperWord::stayed}); }
    void tell_ready(std::string places) { tell({.word = KeeperWord::ready, .text = std::move(places)}); }
    void tell_applied(bool in_force) { tell({.word = KeeperWord::applied, .flag = in_force}); }
    void tell_stopping(std::chrono::seconds within) {
        tell({.word = KeeperWord::stopping, .number = within.count()});
    }
    // Keeps them open until the daemon's end. Waits until the keeper has them, for a few seconds at the most.
    void hold(std::vector<Fd> all);
    // The process of this label that was given last is to be killed.
    void end(std::string_view label);
    // A process that was left behind is to be killed: a helper of before an upgrade, or one that serves a
    // client, where the keeper has inherited it (has_subreapers).
    void end_left(pid_t pid) { tell({.word = KeeperWord::end, .number = pid}); }

private:
    void tell(const KeeperFrame& frame) { pair_.send(frame); }
    void heed(KeeperFrame frame, Fd passed);
    void take_answer(Fd given, const std::string& why);

    KeeperPair pair_;
    Callbacks callbacks_;
    std::vector<Given> given_; // at the start
    std::vector<Left> left_;
    std::map<std::string, pid_t, std::less<>> pids_; // by label, of those given last
    std::deque<OnAnswer> awaited_;
    std::vector<ConfigLine> lines_;
    std::vector<Note> told_;
    std::vector<int> early_signals_; // while it opened what is missing, on trial
    bool has_begun_ = false;
    bool follows_another_ = false;
    std::int64_t beginning_ = 0; // the sum of Beginning
};

} // namespace common
