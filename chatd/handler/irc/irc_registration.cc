// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/irc_registration.hh"

#include "chatd/handler/irc/irc_commands.hh"
#include "chatd/handler/irc/irc_conversation.hh"
#include "chatd/handler/irc/names.hh"
#include "chatd/handler/irc/refusals.hh"
#include "chatd/handler/irc/text_parts.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <utility>

using namespace common;

namespace chatd::irc {

void IrcRegistration::take_cap(const ClientLine& line) {
    IrcConversation& c = conversation_;
    constexpr std::size_t room = 350; // of a line, less what stands before the names
    const std::uint8_t wishes = Deeds::wishes_of(c.capabilities);
    const Capabilities::Answer answer = c.capabilities.take(line.params, room);
    for (const std::vector<std::string>& params : answer.caps) {
        ServerLine reply{server_word, "CAP"};
        reply.word(c.replies.nick());
        for (std::size_t i = 0; i + 1 < params.size(); ++i) reply.word(params[i]);
        c.replies.answer(reply.text(params.back()));
    }
    if (answer.is_unknown) c.replies.numeric(Numeric::invalid_cap, {line.param(0)});
    if (is_inside_ && Deeds::wishes_of(c.capabilities) != wishes) c.then([&c] { describe(c); });
    if (answer.has_ended) go_on();
}

void IrcRegistration::take_pass(const ClientLine& line) {
    if (line.param(0).size() <= max_code) password_ = Secret{line.param(0)};
}

void IrcRegistration::take_nick(std::string_view name) {
    IrcConversation& c = conversation_;
    if (name.empty()) return c.replies.numeric(Numeric::no_nickname);
    if (name.size() > max_name) return c.refuse(beginning_of(name, max_name), Refusal::name_too_long);
    if (is_inside_) {
        if (name == c.replies.nick()) return; // it is so
        const auto be_renamed = [&c](const std::string& now) {
            ServerLine line{prefix_of(c.replies.nick()), "NICK"};
            c.replies.answer(line.word(now));
            c.replies.set_nick(now);
        };
        return c.ask(Message::nick, NickFrame::make(name), std::string{name}, {.accepted = be_renamed});
    }
    name_ = name;
    go_on();
}

void IrcRegistration::take_user(const ClientLine& line) {
    conversation_.real_name = beginning_of(neutralise(without_formatting(line.param(3))), max_topic);
    has_user_ = true;
    go_on();
}

void IrcRegistration::go_on() {
    IrcConversation& c = conversation_;
    if (is_inside_ || name_.empty() || !has_user_ || c.capabilities.is_negotiating()) return;
    c.ask(Message::name, NameFrame::make(name_), name_,
          {.accepted = [this](const std::string& name) { be_inside(name); },
           .refused =
               [this](Refusal why) {
                   if (why == Refusal::password_needed && !password_.view().empty()) return log_in();
                   refuse_name(why);
               }});
}

// The name has an account, and PASS is its password.
void IrcRegistration::log_in() {
    IrcConversation& c = conversation_;
    c.then([this, &c] {
        c.ask(Message::login, LoginFrame::make(password_.view()), name_,
              {.accepted =
                   [this](const std::string& name) {
                       conversation_.account = fold_name(name); // as others see it
                       be_inside(name);
                   },
               .refused = [this](Refusal why) { refuse_name(why); }});
    });
}

// Another one may come.
void IrcRegistration::refuse_name(Refusal why) {
    IrcConversation& c = conversation_;
    const std::string name = std::exchange(name_, {});
    // A client that is told of the name, and of no more, tries another one.
    if (why == Refusal::wrong_password || why == Refusal::held_off) {
        c.refuse("PASS", why);
        return c.refuse(name, Refusal::password_needed);
    }
    c.refuse(name, why);
}

void IrcRegistration::be_inside(const std::string& name) {
    IrcConversation& c = conversation_;
    is_inside_ = true;
    password_ = Secret{};
    sasl_.stop();
    c.replies.set_nick(name);
    greet(c);
    c.then([&c] { describe(c); });
}

// The hub knows the account then, and gives its name, or another one, without a password.
void IrcRegistration::log_in_by_sasl() {
    IrcConversation& c = conversation_;
    const std::string& name = sasl_.name();
    const Secret password = sasl_.take_password();
    if (name.size() > max_name || password.view().size() > max_code)
        return c.replies.numeric(Numeric::sasl_fail);
    const auto accepted = [&c](const std::string& account) {
        c.account = fold_name(account); // as others see it
        c.replies.numeric(Numeric::logged_in, {"*", c.account}, text("You are now logged in as ", c.account));
        c.replies.numeric(Numeric::sasl_success);
    };
    const auto refused = [&c](Refusal why) {
        const std::string_view words = row_of(why).words;
        c.replies.numeric(Numeric::sasl_fail, {}, words.empty() ? words_of(Numeric::sasl_fail) : words);
    };
    c.ask(Message::authenticate,
          AuthenticateFrame::make(text(name, password.view()), static_cast<std::uint8_t>(name.size())), name,
          {.accepted = accepted, .refused = refused});
}

void IrcRegistration::authenticate(std::string_view param) {
    using Step = SaslPlain::Step;
    Replies& replies = conversation_.replies;
    if (is_inside_ || !conversation_.account.empty()) return replies.numeric(Numeric::sasl_already);
    switch (sasl_.take(param)) {
    case Step::begun: return replies.answer(ServerLine("", "AUTHENTICATE").word("+"));
    case Step::more: return;
    case Step::complete: return log_in_by_sasl();
    case Step::unknown:
        replies.numeric(Numeric::sasl_mechanisms, {SaslPlain::mechanism});
        return replies.numeric(Numeric::sasl_fail);
    case Step::too_long: return replies.numeric(Numeric::sasl_too_long);
    case Step::aborted: return replies.numeric(Numeric::sasl_aborted);
    case Step::malformed: return replies.numeric(Numeric::sasl_fail);
    }
}

} // namespace chatd::irc
