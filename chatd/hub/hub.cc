// SPDX-License-Identifier: ISC
#include "chatd/hub/hub.hh"

#include "chatd/hub/takeover.hh"
#include "chatd/words.hh"
#include "common/aside.hh"
#include "common/authd/user_file.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/privileges.hh"
#include "common/secret.hh"
#include "common/shared_memory.hh"
#include "common/start_checks.hh"
#include "common/text.hh"
#include "common/tls/tls_process.hh"

#include <algorithm>
#include <optional>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

// What the hub needs beside listeners, rooms and clients: 0 to 2, lock, pages, poller, log, console, spawner,
// the control socket and its clients, and what a client takes before its handler has it.
constexpr std::size_t own_descriptors = ControlServer::max_clients + 24;
constexpr std::chrono::seconds handlers_patience{60}; // with their answers to a hub that follows another
constexpr std::chrono::seconds hand_over_time{4};     // for what can be finished before another goes on
constexpr std::size_t min_made_rooms = 4;
constexpr std::size_t share_of_made_rooms = 24;                       // of all descriptors; each takes three
constexpr std::size_t authd_descriptors = AuthdLink::max_unsent + 64; // and for questions of clients

// At least so many of the hub's descriptors are no client's; listeners come to that.
std::size_t own_of(const Settings& settings) {
    const bool needs_authd = !settings.users.empty() || !secrets_of(settings).empty();
    return own_descriptors + 2 * settings.rooms.size() + (needs_authd ? authd_descriptors : 0) +
           TlsDoor::descriptors(settings) + NoticeDoor::descriptors(settings);
}

// If it is there: what is not, is made.
void check_folder(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return;
        fail("look at the folder", path);
    }
    if (!S_ISDIR(found.st_mode))
        throw UserError(text(path, " is not a folder: remove it, or change `state\'"));
    checked("write to the folder", path, [&] { return ::access(path.c_str(), R_OK | W_OK | X_OK); });
}

// Read aside: what is in the file is authd's alone.
void check_names_of_users(const std::string& path) {
    if (path.empty()) return;
    ask_aside([&]() -> std::string {
        const UserFile file = read_user_file(path, user_table("chatd"));
        for (const User* const user : file.users())
            if (const auto why = refuse_name(user->name))
                throw UserError(text(path, ": nobody can be here as '", escape(user->name),
                                     "': ", why_no_name(*why), ": rename this user, or remove the line"));
        return {};
    });
}

// With the eyes of the hub's user, once the state directory is that one's: root's might be led elsewhere.
void check_bans(const Settings& settings, const std::optional<DaemonUsers>& users) {
    ask_aside([&]() -> std::string {
        struct stat state {};
        const bool is_handed_over = ::stat(settings.state.c_str(), &state) == 0 && state.st_uid != 0;
        if (users && is_handed_over) become(users->main);
        const Bans readable{settings.state + "/bans"};
        return {};
    });
}

// Those of the hub before, which its handlers have mapped; more, if there may be more clients now.
Fd take_pages(KeeperLink& keeper, std::size_t count, const std::string& state) {
    std::vector<KeeperLink::Left> left = keeper.take_left(label_of_pages);
    const bool is_there = !left.empty() && left.front().fd;
    Fd pages = is_there ? std::move(left.front().fd) : make_shared_pages(count, state);
    if (const std::size_t there = pages_of(pages.get()); there < count)
        grow_shared_pages(pages.get(), there, count);
    keeper.deposit(label_of_pages, {}, pages.get());
    return pages;
}

} // namespace

void check_start(const Settings& settings) {
    require_descriptors(own_of(settings) + settings.listen.size());
    common::check_start(settings, "chatd", main_user_directive);
    if (settings.notices) check_group_place(*settings.notices, settings.state);
    check_names_of_users(settings.users);
    const std::string rooms = settings.state + "/rooms";
    check_folder(rooms);
    for (const RoomSettings& room : settings.rooms) check_folder(text(rooms, '/', room.name));
    check_bans(settings, find_users(settings, main_user_directive));
}

Hub::Hub(KeeperLink& keeper, Settings settings, Log& log, Start start)
    : settings_(std::move(settings)),
      log_(log),
      start_(std::move(start)),
      keeper_(keeper),
      service_(keeper, settings_, log_),
      spawner_([&keeper] { keeper.end(label_of_spawner); }, [&keeper](pid_t pid) { keeper.end_left(pid); }),
      loop_(service_.loop()),
      serving_(keeper, service_.state_path()),
      pages_fd_(take_pages(keeper, settings_.max_clients, service_.state_path())),
      pages_(pages_of(pages_fd_.get()), pages_fd_.get()),
      bans_(service_.state_path() + "/bans"),
      saved_bans_(loop_, log_, service_.state_path() + "/bans", "the bans", [this] { return bans_.lines(); }),
      deposits_({[this](std::string_view label, std::string_view bytes, int fd) {
                     keeper_.deposit(label, bytes, fd);
                 },
                 [this](std::string_view label) { keeper_.withdraw(label); },
                 [this] { return keeper_.has_deposited_all(); }},
                tickets_),
      places_(service_.state_path() + "/places", log_),
      rooms_(service_.state_path() + "/rooms", log_, [this](const Client& member) { waker_.wake(member); }),
      budgets_(settings_),
      answers_(loop_, people_, deposits_,
               {[this](const Client& client, std::string_view why) { waker_.give_up(client, why); },
                [this](const Client& client) { waker_.doubt(client); }}),
      departures_(loop_, log_, settings_, rooms_, tickets_, budgets_,
                  {[this](Client& client) { pool_.kill(client.number); },
                   [this](Client& client, std::string_view farewell) { pool_.release(client, farewell); }}),
      newcomers_(loop_, settings_, people_, departures_),
      waker_(loop_, pages_, people_,
             [this](Client& client, std::string_view why) { departures_.punish(client, why); }),
      tls_(loop_, log_, settings_, [&keeper] { keeper.end(label_of_tlsd); }),
      pool_(loop_, log_, settings_, pages_, people_, bans_, deposits_,
            {[this] { return spawner_.is_ready(); }, [this] { return spawner_.pid(); },
             [this](ClientNumber client, std::size_t page, Front front, Fd socket, Fd pair) {
                 spawner_.spawn(client, page, front, std::move(socket), std::move(pair));
             },
             [this](ClientNumber client, int signal) { spawner_.signal(client, signal); },
             [this] { return spawner_.version(); }, [&keeper](pid_t pid) { keeper.end_left(pid); }},
            {[this](ClientNumber client) { requests_.read(client); },
             [this](Client& client) { departures_.end(client); },
             [this](Client& client) { newcomers_.await(client); },
             [this](Client& client, std::string_view why) { departures_.punish(client, why); },
             [this](Arrival& arrival) { return tls_.begin(arrival, pool_.max_clients()); }}),
      ignores_(people_, tickets_, answers_),
      passwords_(loop_, log_, settings_, people_, answers_, departures_,
                 [&keeper] { keeper.end(label_of_authd); }),
      names_(log_, settings_, people_, rooms_, bans_, tickets_, answers_, departures_, passwords_, ignores_,
             witnesses_),
      segments_(log_, settings_, answers_, departures_),
      resumption_(settings_, people_, rooms_, bans_, tickets_, answers_, deposits_, departures_, ignores_,
                  budgets_),
      entry_(log_, settings_, people_, rooms_, bans_, answers_, passwords_, segments_, resumption_, budgets_,
             witnesses_),
      speech_(people_, rooms_, answers_, witnesses_),
      moderation_(log_, people_, rooms_, bans_, tickets_, deposits_, answers_, departures_),
      lists_(settings_, people_, rooms_, bans_, answers_,
             [this](const Client& client) { return pool_.tls_of(client); }),
      requests_(loop_, log_, settings_, people_, rooms_, answers_, departures_, budgets_,
                {names_, entry_, resumption_, speech_, segments_, moderation_, lists_, ignores_}),
      administration_(service_, log_, people_, rooms_, bans_, moderation_, pool_, deposits_),
      notices_(service_, settings_, administration_.notice_verb(NoticeDoor::mark)),
      evictions_(log_, settings_, people_, rooms_, answers_, departures_,
                 [this](std::string_view label) { return pool_.listens_at(label); }) {
    ::umask(077);
    open_random_source(); // for the tokens
    const auto serve = [this](ClientNumber client) { client == 0 ? serving_.end() : serving_.begin(client); };
    requests_.tell_turns(serve);
    passwords_.tell_turns(serve);
    bans_.tell_changes(
        [this](const std::string& change) { deposits_.put_ban_change(saved_bans_.note_change(), change); });
    saved_bans_.tell_saved([this](std::uint64_t change) { deposits_.note_saved_bans(change); });
    tickets_.tell_forgotten([this](ClientNumber client) { deposits_.note_forgotten(client); });
    open();
}

// As the first of a new version it says why it cannot go on, and the old one does.
void Hub::open() {
    try {
        open_parts();
    } catch (const std::exception& error) {
        if (keeper_.is_on_trial()) keeper_.tell_unable(error.what());
        throw;
    }
}

void Hub::open_parts() {
    service_.open({.verbs = administration_.verbs(),
                   .on_child_end = [] {},
                   .status = [this] { return administration_.status(); },
                   .apply = [this](Service::Lines lines) { return apply(lines); },
                   .on_given = [this](Given given) { take(std::move(given)); },
                   .on_taken_back =
                       [this](const std::string& label) {
                           if (label.starts_with(label_of_group_socket))
                               notices_.remove(label);
                           else
                               pool_.remove_listener(label);
                       },
                   .on_deposited =
                       [this] {
                           answers_.on_deposited();
                           pool_.on_deposited();
                       },
                   .on_orphan_end = [this](pid_t pid, int status) { pool_.on_orphan_end(pid, status); },
                   .on_stay = [this] { evicts_ = true; },
                   .make_safe = [](const std::string& words) { return neutralise(words); },
                   .max_farewell = max_text});
    passwords_.start();
    notices_.open();
    Given spawner = keeper_.take(label_of_spawner);
    take_over(spawner.pid);
    std::vector<Given> listeners = keeper_.take_all(label_of_listener);
    for (Given& inherited : keeper_.take_all(label_of_inherited)) listeners.push_back(std::move(inherited));
    pool_.open(std::move(listeners), set_descriptors_aside());
    spawner_.attach(loop_, log_, [this](std::uint16_t version) { return make_configure(version); },
                    pages_fd_.get(),
                    {[this](ClientNumber client, pid_t pid) { pool_.on_spawned(client, pid); },
                     [this](ClientNumber client, int status) { pool_.on_ended(client, status); },
                     [this] { pool_.on_spawner_lost(); }, [this] { pool_.on_spawner_ready(); },
                     [this](std::span<const SpawnerLink::Callbacks::Handler> some, bool is_last) {
                         pool_.on_handlers(some, is_last);
                     },
                     [this](std::uint16_t version) {
                         keeper_.deposit(label_of_spawner_version, text(spawner_.pid(), ' ', version));
                     }});
    if (keeper_.follows_another()) spawner_.list();
    keep_spawner(spawner);
    if (spawner.fd) spawner_.adopt(std::move(spawner.fd), spawner.pid, version_of(spawner.pid));
    if (Given authd = keeper_.take(label_of_authd); authd.fd) take(std::move(authd));
    if (Given tlsd = keeper_.take(label_of_tlsd); tlsd.fd) take(std::move(tlsd));
    if (keeper_.follows_another()) passwords_.configure(); // the hub before may have told it in part
    evicts_ = keeper_.inherits_stay();
}

// The keeper that is executed after a trial starts another spawner, and has no end of the pair with this one
// but as a deposit. Without that, a hub's death before it was told to let go would be the end of its
// handlers.
void Hub::keep_spawner(const Given& spawner) {
    for (const KeeperLink::Left& left : keeper_.take_left(label_of_spawner_pair))
        if (left.fd && left.bytes != text(spawner.pid)) SpawnerLink::tell_to_let_go(left.fd);
    if (keeper_.is_on_trial() && spawner.fd)
        keeper_.deposit(label_of_spawner_pair, text(spawner.pid), spawner.fd.get());
    else
        keeper_.withdraw(label_of_spawner_pair);
}

// As a hub before has heard from it; 0: none has.
std::uint16_t Hub::version_of(pid_t spawner) {
    for (const KeeperLink::Left& left : keeper_.take_left(label_of_spawner_version)) {
        const std::string pid = text(spawner, ' ');
        if (left.bytes.starts_with(pid))
            return parse_number<std::uint16_t>(std::string_view{left.bytes}.substr(pid.size())).value_or(0);
    }
    return 0;
}

// Rooms, clients and tickets: those of a hub that has died or handed over, or of one that was stopped in
// order.
void Hub::take_over(pid_t spawner) {
    Takeover takeover{[this](std::string_view begin) { return keeper_.take_left(begin); },
                      {log_, people_, rooms_, tickets_, bans_, saved_bans_, deposits_, answers_, departures_,
                       newcomers_, ignores_, pool_},
                      spawner,
                      !keeper_.is_on_trial() || keeper_.is_forced()};
    if (!keeper_.is_on_trial()) deposits_.forget_version_before();
    takeover.restore_bans();
    takeover.restore_rooms(settings_);
    for (const RoomSettings& room : settings_.rooms)
        if (rooms_.find(room.name) == nullptr) rooms_.make(room, nullptr, places_.first_line(room.name));
    takeover.restore_tickets();
    if (!keeper_.follows_another()) {
        places_.give_back(tickets_, settings_.resume_time);
        deposits_.put_tickets(); // whose file is forgotten soon
    }
    takeover.restore_clients();
    const std::string too_old = evictions_.explain_too_old();
    if (!too_old.empty() && keeper_.is_on_trial() && !keeper_.is_forced()) throw UserError(too_old);
    const std::uint32_t hub = takeover.count_hubs();
    requests_.set_generation(hub);
    keeper_.deposit(label_of_generation, text(hub));
    evictions_.let_too_old_go(hub);
    takeover.ask_to_repeat(hub, serving_.suspect());
    evictions_.empty_closing_rooms();
    if (!keeper_.follows_another()) return;
    log_.notice(text("going on after a hub that has ended, clients ", people_.count()));
    loop_.at(Clock::now() + handlers_patience, [this] { forget_silent_handlers(); });
}

// What the keeper has opened again, and processes that it has started.
void Hub::take(Given given) {
    if (given.label.starts_with(label_of_listener)) return pool_.add_listener(std::move(given));
    if (given.label.starts_with(label_of_group_socket)) return notices_.add(std::move(given));
    if (given.label == label_of_spawner) {
        if (keeper_.is_on_trial()) keep_spawner(given);
        spawner_.adopt(std::move(given.fd), given.pid);
        if (!keeper_.is_on_trial()) keeper_.withdraw(label_of_spawner_pair); // the one before is told
        return;
    }
    if (given.label == label_of_authd) return passwords_.adopt(std::move(given.fd), given.pid);
    if (given.label == label_of_tlsd) return tls_.adopt(std::move(given.fd), given.pid);
}

std::string Hub::make_configure(std::uint16_t version) const {
    const auto& identity = start_.identity;
    return ConfigureFrame::make(
        identity ? identity->name : "", version, static_cast<std::uint8_t>(settings_.child_events),
        static_cast<std::uint32_t>(settings_.idle_timeout.count()),
        static_cast<std::uint8_t>(identity ? 1 : 0), static_cast<std::uint32_t>(identity ? identity->uid : 0),
        static_cast<std::uint32_t>(identity ? identity->gid : 0),
        static_cast<std::uint8_t>(settings_.language), settings_.lines_at_once());
}

void Hub::warn_of_missing_catalogue() const {
    if (Catalogues{folder_of_program(start_.program)}.has(settings_.language)) return;
    log_.warning(text("no message catalogue for '",
                      language_names[static_cast<std::size_t>(settings_.language)],
                      "': clients get English until it is installed (ENVIRONMENT in chatd(8))"));
}

// Those that are not listeners' or clients'. As many as clients may make rooms of are set aside.
std::size_t Hub::set_descriptors_aside() {
    std::size_t all = raise_descriptor_limit();
    if (settings_.events == Backend::select) all = std::min<std::size_t>(all, FD_SETSIZE);
    const std::size_t for_rooms = all / share_of_made_rooms;
    rooms_.set_most_made(settings_.create_rooms ? std::clamp(for_rooms, min_made_rooms, max_made_rooms) : 0);
    return own_descriptors + rooms_.descriptors() + (passwords_.has_authd() ? authd_descriptors : 0) +
           TlsDoor::descriptors(settings_) + NoticeDoor::descriptors(settings_);
}

int Hub::run() {
    wait_for_helpers();
    if (service_.is_stopping()) return stop(), 0;
    if (service_.hands_over()) return hand_over(), 0;
    places_.forget();
    pool_.start();
    warn_of_missing_catalogue();
    if (start_.foreground) administration_.start_console(keeper_.take(label_of_terminal).fd);
    service_.tell_ready(pool_.places(), start_.foreground);
    while (!service_.is_stopping() && !service_.hands_over()) turn();
    if (service_.is_stopping())
        stop();
    else
        hand_over();
    return 0;
}

// Who has not heard of this hub by now is stopped, or hostile: it must not keep the logs' places where they
// are.
void Hub::forget_silent_handlers() {
    std::vector<ClientNumber> silent;
    for (const auto& [number, client] : people_.all()) {
        if (client.awaits_here) silent.push_back(number);
        deposits_.note_settled(number);
    }
    for (const ClientNumber number : silent)
        departures_.punish(*people_.find(number), "it does not answer a hub that follows another");
}

void Hub::turn() {
    service_.wait(!rooms_.has_news());
    service_.attempt([this] { settle_batches(); });
    if (std::exchange(evicts_, false)) service_.attempt([this] { evict(); });
    service_.heed_signals();
}

// The new version is there to stay: now its configuration is the one that holds.
void Hub::evict() {
    deposits_.forget_version_before();
    evictions_.begin_closing();
    deposits_.settle(rooms_, false);
    evictions_.empty_closing_rooms();
    evictions_.let_go_of_listeners();
    settle_batches();
    keeper_.tell_stayed(); // else the next hub does all this
}

// Whoever cannot execute the spawner, or executes something else, does not start: the keeper ends the start.
// Nor would a start be any good that can serve nobody who wants TLS.
void Hub::wait_for_helpers() {
    service_.attempt([this] { settle_batches(); });
    const bool awaits_tls = !keeper_.follows_another();
    while ((!spawner_.was_ready() || (awaits_tls && tls_.is_awaited())) && !service_.is_stopping() &&
           !service_.hands_over())
        turn();
}

// What goes wrong with the answer to one of those who waited ends that one.
void Hub::settle_batches() {
    while (rooms_.has_batches()) {
        const std::vector<Rooms::Settled> all = rooms_.flush();
        deposits_.settle(rooms_, answers_.are_all_sent());
        for (const Rooms::Settled& settled : all) {
            serving_.begin(settled.waiting.client);
            loop_.attempt([&] { entry_.settle(settled); }, pool_.charge_to(settled.waiting.client));
        }
        serving_.end();
    }
    for (const std::string& closed : rooms_.close_empty()) bans_.forget_room(closed);
    deposits_.settle(rooms_, false);
    deposits_.end_round();
    pool_.tell_released();
    service_.control().continue_answers();
    notices_.continue_answers();
    rooms_.end_round();
}

// After a reload. Says what could not be done.
std::vector<std::string> Hub::apply(Service::Lines lines) {
    Settings wanted = make_settings(lines);
    wanted.tls.certificates = settings_.tls.certificates;
    std::vector<std::string> told;
    for (Note& note : rooms_.configure(wanted.rooms)) {
        log_.write(note.severity, note.text);
        told.push_back(std::move(note.text));
    }
    const bool has_other_language = settings_.language != wanted.language;
    settings_ = std::move(wanted);
    passwords_.configure();
    if (has_other_language) warn_of_missing_catalogue();
    spawner_.configure();
    pool_.configure(set_descriptors_aside());
    return told;
}

// What another hub could not finish: who has no handler yet, what the keeper does not have yet, and answers
// and questions that a handler would have to repeat.
bool Hub::has_more_to_do() const {
    return pool_.has_arrivals() || notices_.is_answering() || !deposits_.has_all() ||
           !answers_.are_all_sent() ||
           std::any_of(people_.all().begin(), people_.all().end(),
                       [](const auto& entry) { return entry.second.login != nullptr; });
}

// Another goes on with all that there is here, as if this one had died at a quiet moment: nobody is told.
void Hub::hand_over() {
    pool_.accept_no_more();
    notices_.begin_hand_over();
    bool is_late = false;
    loop_.at(Clock::now() + hand_over_time, [&is_late] { is_late = true; });
    while (has_more_to_do() && !is_late && !service_.is_stopping()) turn();
    if (service_.is_stopping()) return stop();
    service_.attempt([this] { settle_batches(); });
    rooms_.wake_members();
    service_.attempt([this] { pool_.turn_arrivals_away(); });
    service_.attempt([this] { saved_bans_.finish(); }); // or its child would write when the next hub's does
    passwords_.leave();
    tls_.leave();
    spawner_.leave();
    notices_.hand_over();
    service_.end_hand_over();
}

// What goes wrong with one client keeps nothing else from being put in order.
void Hub::stop() {
    rooms_.wake_members();
    service_.begin_stop(people_.count());
    pool_.close();
    notices_.close();
    const std::string& words = service_.farewell();
    const Farewell why = words.empty() ? Farewell::stopping : Farewell::stopping_with_words;
    std::vector<ClientNumber> all;
    for (const auto& [number, client] : people_.all()) all.push_back(number);
    for (const ClientNumber number : all)
        service_.attempt([&] {
            if (Client* const client = people_.find(number)) departures_.dismiss(*client, why, words);
        });
    service_.attempt([this] { settle_batches(); });
    service_.attempt([this] { places_.save(tickets_, rooms_.all()); });
    service_.attempt([this] { saved_bans_.finish(); });
    pool_.tell_released_at_stop();
    passwords_.stop();
    tls_.stop();
    spawner_.stop();
    service_.attempt([this] {
        pool_.read_last_words([this] {
            if (service_.has_keeper()) service_.wait(true);
            return service_.has_keeper();
        });
    });
    service_.end_stop();
}

} // namespace chatd
