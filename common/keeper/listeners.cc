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

// Whether who connects to the address may come in at the listener; one for all addresses may be so for both
// families.
bool covers(const Address& listener, const Address& address) {
    const auto is_any = [](const Address& one) { return one.host() == "0.0.0.0" || one.host() == "::"; };
    if (listener.family() == AF_UNIX || address.family() == AF_UNIX)
        return listener.family() == address.family() && listener.path() == address.path();
    if (address.port() == 0 || listener.port() != address.port()) return false;
    return is_any(listener) || is_any(address) || listener.same_host(address);
}

// What is spoken at a listener that a service manager passes: said by its name, of words with - between them.
struct Spoken {
    bool is_irc = false, is_tls = false;
};
Spoken spoken_by_name(std::string_view name) {
    Spoken spoken;
    for (const std::string_view word : split(name, '-')) {
        spoken.is_irc |= word == "irc";
        spoken.is_tls |= word == "tls";
    }
    return spoken;
}

void be_spoken(Listeners::Listener& listener, bool is_irc, bool is_tls) {
    const ListenerLabel label{listener.label};
    listener.label = text(label.place, is_irc || label.is_irc ? listener_is_irc : "",
                          is_tls || label.is_tls ? listener_is_tls : "");
}

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
    for (InheritedListener& one : take_inherited_listeners()) {
        const Address address = local_address(one.fd.get());
        const auto [is_irc, is_tls] = spoken_by_name(one.name);
        if (is_tls && address.family() == AF_UNIX)
            throw UserError(text("the service manager has named ", address.shown(),
                                 " tls, which is a socket of this machine: give it another name"));
        all_.push_back({text(label_of_inherited, address.shown(), ' ', one.fd.get()), std::move(one.fd)});
        be_spoken(all_.back(), is_irc, is_tls);
    }
    inherited_ = !all_.empty();
}

void Listeners::choose_spoken(const std::vector<std::string>& places, bool there_is_tls) {
    if (!inherited_) return;
    const auto is_irc = [](const Listener& one) { return speaks_irc(one.label); };
    const auto is_tls = [](const Listener& one) { return speaks_tls(one.label); };
    const bool has_named_irc = std::ranges::any_of(all_, is_irc),
               has_named_tls = std::ranges::any_of(all_, is_tls);
    for (const std::string& given : places) {
        const ListenPlace place{given};
        if (!place.is_tls && !place.is_irc) continue;
        bool is_there = (!place.is_tls || has_named_tls) && (!place.is_irc || has_named_irc);
        for (const Address& address : resolve_address(place.address))
            for (Listener& one : all_) {
                if (!covers(local_address(one.fd.get()), address)) continue;
                is_there = true;
                be_spoken(one, place.is_irc, place.is_tls);
            }
        if (is_there) continue;
        const std::string_view words = !place.is_irc ? "tls" : place.is_tls ? "irc-tls" : "irc";
        throw UserError(text("listen ", escape(given),
                             ": the service manager has passed other sockets, which take its place: have it "
                             "name the one that is meant so (FileDescriptorName=",
                             words, "), or leave out the line"));
    }
    if (!there_is_tls && std::ranges::any_of(all_, is_tls))
        throw UserError("the service manager has named a socket tls, and there is no TLS: add `certificate "
                        "CERT KEY', two files in PEM");
}

// What a start would say, or do: these sockets stay as they are until then.
void Listeners::tell_unspoken(const std::vector<std::string>& places, std::vector<Note>& told) const {
    for (const std::string& given : places) {
        const ListenPlace place{given};
        const auto is_such = [&](const Listener& one) {
            const ListenerLabel label{one.label};
            return label.is_irc >= place.is_irc && label.is_tls >= place.is_tls;
        };
        if ((place.is_irc || place.is_tls) && std::ranges::none_of(all_, is_such))
            told.push_back({Severity::error,
                            text("listen ", escape(given),
                                 " waits for the next start: the sockets that the service manager has passed "
                                 "stay as they are, and none of them is so")});
    }
}

void Listeners::tell_changes(std::function<void(const Listener&)> on_new,
                             std::function<void(const std::string& label)> on_gone) {
    on_new_ = std::move(on_new);
    on_gone_ = std::move(on_gone);
}

void Listeners::open(const std::vector<std::string>& places, std::vector<Note>* told,
                     std::chrono::milliseconds limit) {
    if (inherited_) return told == nullptr ? void() : tell_unspoken(places, *told);
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
