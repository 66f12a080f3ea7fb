// SPDX-License-Identifier: ISC
#include "chatd/hub/hub.hh"

#include "chatd/words.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/privileges.hh"
#include "common/shared_memory.hh"
#include "common/text.hh"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

// What the hub needs beside listeners, rooms and clients: 0 to 2, lock, pages, poller, log, console, spawner,
// the control socket and its clients, and what a client takes before its handler has it.
constexpr std::size_t own_descriptors = ControlServer::max_clients + 24;
constexpr std::size_t authd_descriptors = AuthdLink::most_unsent + 64; // and for questions of clients

std::string make_configure(const Settings& settings) {
    std::optional<Identity> identity;
    if (::geteuid() == 0) identity = find_user(settings.run_as);
    return ConfigureFrame::make(
        identity ? identity->name : "", protocol_version, static_cast<std::uint8_t>(settings.child_events),
        static_cast<std::uint32_t>(settings.idle_timeout.count()),
        static_cast<std::uint8_t>(identity ? 1 : 0), static_cast<std::uint32_t>(identity ? identity->uid : 0),
        static_cast<std::uint32_t>(identity ? identity->gid : 0),
        static_cast<std::uint8_t>(settings.language));
}

void warn_of_missing_catalogue(Language language, const SpawnerLink& spawner, Log& log) {
    if (Catalogues{folder_of_program(spawner.program())}.has(language)) return;
    log.warning(text("no message catalogue for '", language_names[static_cast<std::size_t>(language)],
                     "': clients are spoken to in English until it is installed (ENVIRONMENT in chatd(8))"));
}

// Numbers start at the present nanosecond, so that those in the logs of earlier runs are never met again.
std::uint64_t first_client_number() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

LogPolicy policy_of(const RoomSettings& room) {
    LogPolicy policy;
    policy.keep_bytes = room.keep_bytes;
    policy.keep_age = room.keep_age;
    policy.keep_files = room.history;
    return policy;
}

} // namespace

Hub::Hub(const DaemonOptions& options, std::vector<ConfigLine> config, Settings settings, Log& log,
         SpawnerLink& spawner)
    : options_(options),
      config_(std::move(config)),
      settings_(std::move(settings)),
      log_(log),
      spawner_(spawner),
      state_(settings_.state),
      signals_{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD},
      loop_(settings_.events),
      pages_fd_(make_shared_pages(settings_.max_clients, state_.path())),
      pages_(settings_.max_clients, pages_fd_.get()),
      control_(loop_, settings_.control, control_verbs()),
      acceptor_(loop_, log_,
                {[this](Accepted client) { start_client(std::move(client)); },
                 [this](const std::string& host) {
                     const auto found = by_host_.find(host);
                     return found == by_host_.end() ? 0 : found->second;
                 },
                 [](std::string_view why) { return text(why, '\n'); }}),
      bans_(state_.path() + "/bans"),
      next_client_(first_client_number()) {
    ::umask(077);
    if (!use_utf8_locale()) log_.warning("no UTF-8 locale: only ASCII names can be used");
    make_rooms();
    start_authd();
    acceptor_.open(settings_.listen);
    capacity_.emplace(pages_.size(), settings_.events,
                      own_descriptors + acceptor_.listeners() + 2 * rooms_.size() +
                          (authd_ ? authd_descriptors : 0));
    spawner_.attach(loop_, log_, make_configure(settings_), pages_fd_.get(),
                    {[this](ClientNumber client, pid_t pid) { on_spawned(client, pid); },
                     [this](ClientNumber client, int status) { on_ended(client, status); },
                     [this] { on_spawner_lost(); }, [this] { on_spawner_ready(); }});
}

Hub::~Hub() = default;

void Hub::make_rooms() {
    const std::string folder = state_.path() + "/rooms";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail("make the directory", folder);
    for (const RoomSettings& room : settings_.rooms) make_room(room);
}

Room& Hub::make_room(const RoomSettings& given) {
    Room room;
    room.number = next_room_++;
    room.settings = given;
    room.log = std::make_unique<RoomLog>(text(state_.path(), "/rooms/", given.name), given.name,
                                         policy_of(given), log_);
    room.is_moderated = given.moderated;
    return rooms_.insert_or_assign(given.name, std::move(room)).first->second;
}

int Hub::run(const OnReady& on_ready) {
    wait_for_spawner();
    if (stopping_) return stop(), 0;
    acceptor_.start(settings_.per_address);
    report_capacity();
    warn_of_missing_catalogue(settings_.language, spawner_, log_);
    update_acceptor();
    if (options_.foreground)
        console_.start(
            {[this](std::string_view line) { announce_typed(line); }, [this] { stopping_ = true; }});
    notify_service_manager("READY=1");
    on_ready(acceptor_.places());
    while (!stopping_) {
        loop_.run_once(signals_.while_waiting(), news_.empty());
        flush_rooms();
        handle_signals();
    }
    stop();
    return 0;
}

// Whoever cannot execute the spawner, or executes something else, does not start.
void Hub::wait_for_spawner() {
    reap(); // it may have ended before anybody heeded SIGCHLD
    while (!spawner_.was_ready() && !stopping_) {
        loop_.run_once(signals_.while_waiting());
        handle_signals();
    }
}

std::size_t Hub::most_clients_now() const { return capacity_->clients(settings_.max_clients); }

void Hub::report_capacity() {
    if (const auto shortage = capacity_->explain(settings_.max_clients)) log_.warning(*shortage);
}

// Nobody is accepted who could not be handed over at once.
void Hub::update_acceptor() {
    acceptor_.set_room(spawner_.is_ready() && pages_in_use_.size() < most_clients_now());
}

void Hub::handle_signals() {
    if (signals_.take(SIGCHLD)) reap();
    if (signals_.take(SIGUSR1)) report_status();
    if (signals_.take(SIGHUP)) reload_as_told();
    if (signals_.take(SIGTERM) || signals_.take(SIGINT)) stopping_ = true;
}

void Hub::reap() {
    spawner_.reap([this](pid_t pid, int status) {
        if (authd_) authd_->note_end(pid, status);
    });
}

void Hub::report_status() {
    for (const ControlAnswer& part : {stats(), list_rooms(), who()})
        for (const std::string& line : part.lines) log_.notice(line);
}

std::vector<std::string> Hub::reload() {
    log_.reopen();
    const std::vector<ConfigLine> given = read_config(options_.file, options_.lines);
    std::vector<std::string> ignored;
    Settings scratch;
    std::vector<ConfigLine> merged = merge_for_reload(config_, given, directive_table(scratch), ignored);
    make_settings(given); // so that what only a start can change is checked, too
    Settings wanted = make_settings(merged);
    std::vector<std::string> told;
    update_rooms(wanted.rooms, told);
    const bool has_other_language = settings_.language != wanted.language;
    settings_ = std::move(wanted);
    config_ = std::move(merged);
    if (authd_) authd_->configure(settings_.login_tries, settings_.login_holdoff, secrets_of(settings_));
    start_authd();
    for (const std::string& name : ignored) {
        told.push_back(text("a change of '", name, "' waits for the next start"));
        log_.warning(told.back());
    }
    acceptor_.set_limits(settings_.per_address);
    report_capacity();
    if (has_other_language) warn_of_missing_catalogue(settings_.language, spawner_, log_);
    spawner_.configure(make_configure(settings_));
    update_acceptor();
    log_.notice("configuration read again");
    log_.set_least(settings_.log_level);
    return told;
}

// Whoever sends a signal sees no answer but the log.
void Hub::reload_as_told() {
    try {
        reload();
    } catch (const std::exception& error) {
        log_.error(text("configuration not read again, the old one stays: ", error.what()));
    }
}

// Rooms that cannot be made are found before anything is changed.
void Hub::update_rooms(std::vector<RoomSettings>& wanted, std::vector<std::string>& told) {
    for (const RoomSettings& room : wanted)
        if (find_room(room.name) == nullptr)
            make_room(room).is_made_by_client = true; // goes, if another fails
    for (RoomSettings& room : wanted) update_room(*find_room(room.name), room, told);
    for (const auto& [name, room] : rooms_) {
        const bool stays =
            room.is_made_by_client ||
            std::any_of(wanted.begin(), wanted.end(), [&there = name](const RoomSettings& room_wanted) {
                return room_wanted.name == there;
            });
        if (stays) continue;
        told.push_back(text("room ", name, " is gone from the configuration: it closes with the next start"));
        log_.warning(told.back());
    }
}

// What cannot be changed now goes into wanted as it is.
void Hub::update_room(Room& room, RoomSettings& wanted, std::vector<std::string>& told) {
    room.is_made_by_client = false;
    // Who knew the old code has what was said until now, and nothing of what follows.
    const bool is_changed = room.settings.code != wanted.code || room.settings.code_hash != wanted.code_hash;
    if (is_changed && !room.log->start_new_segment()) {
        told.push_back(text("room ", wanted.name, " keeps its code: no new segment can be begun"));
        log_.error(told.back());
        wanted.code = room.settings.code;
        wanted.code_hash = room.settings.code_hash;
    }
    if (room.settings.history != wanted.history) {
        told.push_back(text("a change of 'history' of room ", wanted.name, " waits for the next start"));
        log_.warning(told.back());
    }
    wanted.history = room.settings.history;
    if (room.settings.moderated != wanted.moderated) room.is_moderated = wanted.moderated;
    room.log->set_retention(wanted.keep_bytes, wanted.keep_age);
    room.settings = wanted;
}

// The administrator has typed it on the terminal that chatd -d runs in.
void Hub::announce_typed(std::string_view line) {
    try {
        announce_to(nullptr, line);
    } catch (const UserError& error) {
        log_.warning(text("not announced: ", error.what()));
    }
}

void Hub::stop() {
    tell_news();
    log_.notice(text("stopping, clients ", clients_.size()));
    notify_service_manager("STOPPING=1");
    acceptor_.close();
    for (const Accepted& waiting : arrivals_)
        acceptor_.turn_away(waiting.socket, "The server is stopping: come back later.");
    while (!clients_.empty())
        dismiss(clients_.begin()->second,
                farewell_.empty() ? Farewell::stopping : Farewell::stopping_with_words, farewell_);
    flush_rooms();
    if (authd_) authd_->stop();
    spawner_.stop([this](pid_t pid, int status) {
        if (authd_) authd_->note_end(pid, status);
    });
    if (authd_) authd_->wait();
    control_connections_ = control_.close();
    log_.notice("stopped");
}

} // namespace chatd
