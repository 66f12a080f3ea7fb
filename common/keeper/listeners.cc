// SPDX-License-Identifier: ISC
#include "common/keeper/listeners.hh"

#include "common/daemon_settings.hh"
#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <ctime>
#include <exception>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

using All = std::vector<Listeners::Listener>;

All::iterator find(All& all, const std::string& label) {
    return std::ranges::find(all, label, &Listeners::Listener::label);
}

// One that none of them has: port 0 may be given twice.
std::string label_for(const Address& address, const ListenPlace& place, All& taken) {
    std::string label = text(label_of_listener, address.shown(), place.is_irc ? listener_is_irc : "",
                             place.is_tls ? listener_is_tls : "");
    while (find(taken, label) != taken.end()) label += '+';
    return label;
}

// With port 0 there may be several.
bool has_one_place(const Address& address) { return address.family() == AF_UNIX || address.port() != 0; }

} // namespace

Fd listen_within(std::chrono::milliseconds limit, const Address& address, mode_t mode) {
    constexpr timespec moment{0, 20'000'000};
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const bool is_last = std::chrono::steady_clock::now() >= deadline;
        try {
            return listen_on(address, mode);
        } catch (const UserError&) {
            if (is_last) throw;
        } catch (const std::system_error& error) {
            if (is_last || error.code() != std::errc::address_in_use) throw;
        }
        ::nanosleep(&moment, nullptr);
    }
}

void remove_socket_file(int fd) {
    try {
        const std::string path = local_address(fd).path();
        if (!path.empty()) ::unlink(path.c_str());
    } catch (const std::system_error&) {
        // Then it stays, which the next start replaces.
    }
}

Listeners::Listeners() {
    for (Fd& fd : take_inherited_listeners()) {
        std::string label = text(label_of_inherited, local_address(fd.get()).shown(), ' ', fd.get());
        all_.push_back({std::move(label), std::move(fd)});
    }
    inherited_ = !all_.empty();
}

void Listeners::tell_changes(std::function<void(const Listener&)> on_new,
                             std::function<void(const std::string& label)> on_gone) {
    on_new_ = std::move(on_new);
    on_gone_ = std::move(on_gone);
}

void Listeners::open(const std::vector<std::string>& places, std::vector<Note>* told,
                     std::chrono::milliseconds limit) {
    if (inherited_) return;
    std::vector<Listener> wanted;
    const auto want = [&](const Address& address, const ListenPlace& place) {
        const std::string label = label_for(address, place, wanted);
        const auto there = find(all_, label);
        if (there != all_.end() && there->fd) return wanted.push_back({label, std::move(there->fd)});
        // TLS or IRC there, or none any more, is the same socket under another name.
        const auto same = std::ranges::find_if(all_, [&](const Listener& one) {
            return one.fd && ListenerLabel{one.label}.place == ListenerLabel{label}.place;
        });
        const bool changes = has_one_place(address) && same != all_.end();
        wanted.push_back({label, changes ? std::move(same->fd) : listen_within(limit, address)});
        if (on_new_) on_new_(wanted.back());
        if (changes && on_gone_) on_gone_(same->label);
    };
    for (const std::string& place : places) {
        try {
            const ListenPlace parts{place};
            for (const Address& address : resolve_address(parts.address)) want(address, parts);
        } catch (const std::exception& error) {
            if (told == nullptr) throw;
            told->push_back({Severity::error, error.what()});
        }
    }
    for (const Listener& left : all_) {
        if (!left.fd) continue;
        close(left);
        if (on_gone_) on_gone_(left.label);
    }
    all_ = std::move(wanted);
}

void Listeners::leave_out(const std::vector<std::string>& labels) {
    std::erase_if(all_, [&](const Listener& one) {
        if (std::ranges::find(labels, one.label) == labels.end()) return false;
        close(one);
        return true;
    });
}

void Listeners::close() {
    for (const Listener& one : all_) close(one);
    all_.clear();
}

void Listeners::close(const Listener& one) const {
    if (one.fd && !inherited_ && files_ != Files::are_anothers) remove_socket_file(one.fd.get());
}

} // namespace common
