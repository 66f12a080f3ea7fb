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
std::string label_for(const Address& address, bool is_tls, All& taken) {
    std::string label = text(label_of_listener, address.shown(), is_tls ? listener_is_tls : "");
    while (find(taken, label) != taken.end()) label += '+';
    return label;
}

constexpr std::string_view name_for_tls = "tls"; // of a socket that a service manager passes

// Whether who connects to the address may come in at the listener; one for all addresses may be so for both
// families.
bool covers(const Address& listener, const Address& address) {
    const auto is_any = [](const Address& one) { return one.host() == "0.0.0.0" || one.host() == "::"; };
    if (address.port() == 0 || listener.port() != address.port()) return false;
    return is_any(listener) || is_any(address) || listener.same_host(address);
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
        const bool is_tls = one.name == name_for_tls;
        if (is_tls && address.family() == AF_UNIX)
            throw UserError(text("the service manager has named ", address.shown(),
                                 " tls, which is a socket of this machine: give it another name"));
        std::string label = text(label_of_inherited, address.shown(), ' ', one.fd.get());
        all_.push_back({label + std::string{is_tls ? listener_is_tls : ""}, std::move(one.fd)});
    }
    inherited_ = !all_.empty();
}

void Listeners::choose_tls(const std::vector<std::string>& places, bool there_is_tls) {
    if (!inherited_) return;
    const auto is_secured = [](const Listener& one) { return speaks_tls(one.label); };
    const bool are_named = std::ranges::any_of(all_, is_secured);
    for (const std::string& given : places) {
        const ListenPlace place{given};
        if (!place.is_tls) continue;
        bool is_there = are_named;
        for (const Address& address : resolve_address(place.address))
            for (Listener& one : all_) {
                if (!covers(local_address(one.fd.get()), address)) continue;
                is_there = true;
                if (!is_secured(one)) one.label += listener_is_tls;
            }
        if (!is_there)
            throw UserError(text("listen ", escape(place.address),
                                 " tls: the service manager has passed other sockets, which take its place: "
                                 "have it name the one for TLS so (FileDescriptorName=tls), or leave out the "
                                 "line"));
    }
    if (!there_is_tls && std::ranges::any_of(all_, is_secured))
        throw UserError("the service manager has named a socket tls, and there is no TLS: add `certificate "
                        "CERT KEY', two files in PEM");
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
    const auto want = [&](const Address& address, bool is_tls) {
        const std::string label = label_for(address, is_tls, wanted);
        const auto there = find(all_, label);
        if (there != all_.end() && there->fd) return wanted.push_back({label, std::move(there->fd)});
        // TLS there, or none any more, is the same socket under another name.
        const auto same = find(all_, text(label_of_listener, address.shown(), is_tls ? "" : listener_is_tls));
        const bool changes = address.port() != 0 && same != all_.end() && same->fd;
        wanted.push_back({label, changes ? std::move(same->fd) : listen_within(limit, address)});
        if (on_new_) on_new_(wanted.back());
        if (changes && on_gone_) on_gone_(same->label);
    };
    for (const std::string& place : places) {
        try {
            const ListenPlace parts{place};
            for (const Address& address : resolve_address(parts.address)) want(address, parts.is_tls);
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
