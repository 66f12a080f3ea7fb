// SPDX-License-Identifier: ISC
// People with clients of IRC, as tests play them: each does with its client's own commands what a person
// would, and waits for what that client shows. All are called ada, and are in one channel.
#pragma once

#include "tests/e2e/process.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace e2e {

// What happens in the channel; who: of whom, or to whom, it is, which operator: by whom.
struct IrcEvent {
    enum class Kind { joined, left, kicked, moderated, voiced };
    Kind kind;
    std::string who;
    std::string by;
};

class IrcPerson {
public:
    virtual ~IrcPerson() = default;

    // Waits until the client has registered, enters the channel and waits until all these are listed there.
    virtual void join(const std::string& channel, const Words& present) = 0;
    virtual void say(const std::string& words) = 0;
    virtual void act(const std::string& words) = 0;
    virtual void tell(const std::string& name, const std::string& words) = 0;
    virtual void set_topic(const std::string& topic) = 0;
    virtual void set_mode(const std::string& change) = 0; // "+m", "+v bob"
    virtual void kick(const std::string& name) = 0;

    // Wait until the client shows it; throw Failure if it does not. hear: in the channel, whoever says it.
    virtual void hear(const std::string& words) = 0;
    virtual void be_told(const std::string& name, const std::string& words) = 0; // by name, in private
    virtual void see(const IrcEvent& event) = 0;
};

// Where the server is: a port of 127.0.0.1, and, where it is of TLS, its certificate for localhost.
struct IrcPlace {
    std::uint16_t port;
    std::string certificate;
};
using IrcClientMaker = std::function<std::unique_ptr<IrcPerson>(const IrcPlace& place)>;

std::unique_ptr<IrcPerson> with_irssi(const IrcPlace& place);
std::unique_ptr<IrcPerson> with_weechat(const IrcPlace& place);
std::unique_ptr<IrcPerson> with_catgirl(const IrcPlace& place); // knows nothing but TLS
std::unique_ptr<IrcPerson> with_sic(const IrcPlace& place);
std::unique_ptr<IrcPerson> with_ii(const IrcPlace& place);

} // namespace e2e
