// SPDX-License-Identifier: ISC
// The handler's part about chat(1), the client: what is asked is told to it in so many words, and so is how
// far things have come, so that it can take up a connection that breaks (session_option.hh). Run by handlers,
// which trust nothing the client sends.
#include "chatd/handler/handler.hh"

#include "chatd/terminal/session_option.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>

using namespace common;

namespace chatd {

// Said once, before anything else.
void Handler::begin_session(std::string_view bytes) {
    const std::optional<SessionText> said = read_session(bytes);
    if (!said || said->message != SessionMessage::hello) return;
    const std::optional<Hello> hello = read_hello(said->body);
    if (!hello || session_ || state_ != State::asking_name || waiting_for_answer_) return;
    session_.emplace();
    session_->is_plain = hello->is_plain;
    if (hello->is_plain) dialect().be_plain();
    const std::optional<Language> language = find_language(hello->language);
    const bool is_known = hello->language.empty() || (language && display_.set_language(*language));
    if (hello->token.empty())
        ask(Question::name);
    else
        ask_hub(ResumeFrame::make(text(hello->token, hello->place), std::uint64_t{0}, std::uint8_t{1},
                                  static_cast<std::uint8_t>(hello->token.size())),
                Message::resume);
    if (!is_known) lang(hello->language); // which says so
}

void Handler::ask(Question question) {
    tell_progress();
    tell_asked(question);
    show(display_.ask(question));
}

void Handler::tell_asked(Question question) {
    if (!session_) return;
    constexpr std::array asked{Asked::name, Asked::password, Asked::code,
                               Asked::nothing}; // as Question has them
    const char what = static_cast<char>(asked.at(static_cast<std::size_t>(question)));
    output_ += encode(SessionMessage::asks,
                      text(what, question == Question::nothing ? display_.own_name() : std::string{}));
}

// Behind all that was shown: how far that is, and how many of the client's bytes were dealt with.
void Handler::tell_progress() {
    if (!session_) return;
    SessionProgress& session = *session_;
    const bool has_shown = output_.size() > session.placed;
    if (!waiting_for_answer_ && !query_ && !held_) dealing_ = dialect().taken();
    const bool is_dealt_with = !waiting_for_answer_ && !query_ && dealing_ != session.dealt;
    if (is_dealt_with || session.refused != session.told_refused) {
        if (is_dealt_with) session.dealt = dealing_;
        session.told_refused = session.refused;
        output_ += encode_dealt(session.dealt, session.refused);
    }
    std::string place;
    for (const auto& view : views_) {
        const auto room = PlaceRoom::pack(view->number(), view->next_line());
        place.append(room.data(), room.size());
    }
    if (place == session.place && !has_shown) return;
    output_ += encode(SessionMessage::place, place);
    session.place = std::move(place);
    session.placed = output_.size();
}

// Nobody is there to be greeted: it says so, has sent its next line before it was asked, or sends no more.
bool Handler::is_for_a_program() {
    is_script_ = is_script_ || held_ || input_ended_ || dialect().has_lines();
    return is_script_ || is_bot_ || is_plain();
}

void Handler::tell_end(End end) {
    if (!session_) return;
    tell_progress();
    output_ += encode(SessionMessage::over, std::string(1, static_cast<char>(end)));
}

// The hub is to know what its next answer deals with.
void Handler::announce_count() {
    if (!session_ || state_ != State::inside || session_->announced == dealing_) return;
    session_->announced = dealing_;
    if (send_packet(hub_.get(), CountedFrame::make({}, dealing_)) != IoState::done) throw Gone{};
}

void Handler::count_refusal() {
    if (session_) ++session_->refused;
}

// What was dealt with on the connection before, and counts on from there.
void Handler::resume_session(std::uint64_t counted) {
    if (!session_) return;
    dialect().count_from(counted);
    dealing_ = session_->announced = session_->dealt = counted;
    output_ += encode_dealt(counted, 0);
}

} // namespace chatd
