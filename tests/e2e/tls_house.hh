// SPDX-License-Identifier: ISC
// suite-tls by itself: keyd and tlsd with a test in the place of their keeper, of a daemon's main process and
// of its clients' processes.
#pragma once

#include "common/fd.hh"
#include "common/tls/relay_link.hh"
#include "common/tls/tls_frames.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/process.hh"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace e2e {

// A certificate that signs itself, and its key, as files of the folder: NAME.pem and NAME.key.
struct TestCertificate {
    Path certificate, key;
};
enum class KeyKind { ecdsa, rsa, slow, eddsa };
TestCertificate make_certificate(const TempDir& folder, const std::string& name,
                                 KeyKind kind = KeyKind::ecdsa, const std::string& host = "localhost");
// Copies of these in the place of those.
void put_in_place(const TestCertificate& files, const TestCertificate& place);
// For localhost, and valid between these times: YYYYMMDDHHMMSSZ.
TestCertificate make_dated(const TempDir& folder, const std::string& name, const std::string& begin,
                           const std::string& end);

// The private numbers of a key of ECDSA or RSA, one behind the other; and whether a process has 16 bytes in a
// row of them, in either order: numbers lie in memory with their last byte first.
std::string private_value(const Path& key);
bool has_key_in_memory(pid_t pid, const std::string& value);
// Of a daemon and of all below it keyd has the value in its memory, and no other. How many others there are
// below it.
std::size_t check_keyd_alone_has(const std::string& value, pid_t daemon);

// The relays of client programs that trust this file.
std::vector<pid_t> relays_of_clients(const Path& issuers);

// Waits until there is something to read, or the end; throws Failure when that takes too long.
void wait_readable(int fd, Seconds limit = patience);

// The process of one client, as the test plays it.
class TlsPeer {
public:
    TlsPeer(common::Fd pair, common::Fd client, const common::RelayTerms& terms);

    common::RelayLink& link() { return link_; }
    int stream() const { return stream_.get(); }
    common::Fd& owned_stream() { return stream_; }
    void write(std::string_view bytes);
    std::string read(std::size_t size); // so many bytes, fewer at the end
    std::string read_to_end();
    // Ends the control connection as one whose bytes are all there, or as one that is not whole.
    void close_whole();
    void close() { stream_.reset(); }
    // Waits until that is so of what the relay has told of a connection.
    using Connection = common::RelayLink::Connection;
    Connection wait_until(const std::function<bool(const Connection&)>& is_so,
                          std::uint32_t number = common::control_connection);

private:
    common::RelayLink link_;
    common::Fd stream_;
};

class TlsHouse {
public:
    // With these certificates; none: one of its own.
    explicit TlsHouse(std::vector<TestCertificate> certificates = {});
    ~TlsHouse();

    std::uint16_t port() const { return port_; }
    std::string certificate() const { return certificates_.front().certificate; }
    const TempDir& folder() const { return folder_; }

    void start_keyd(); // again: another
    void start_tlsd();
    Child& keyd() { return *keyd_; }
    Child& tlsd() { return *tlsd_; }

    // The next that connects to port, without TLS, and its address.
    common::Fd accept();
    // Its process, which has asked for a relay.
    TlsPeer serve(common::Fd client, const common::RelayTerms& terms = {});
    // A pair with tlsd, as a client's process has it before it asks.
    // max_clients: how many there may be, as the main process says.
    common::Fd open_pair(std::uint32_t max_clients = 0);
    // A client of the steps of tests/e2e/common/tls_client.py.
    Words client(const Words& steps) const;
    // Waits for a line that tlsd wants in the log.
    std::string wait_for_note(std::string_view part);
    // The main process lets go of tlsd.
    void let_go() { main_.reset(); }
    // The ends that others have of pairs with tlsd and with keyd.
    int main_end() const { return main_.get(); }
    int keyd_end() const { return keyd_end_.get(); }
    // As if keyd had been started again, with this for the pair.
    void give_keyd(int pair);
    std::vector<pid_t> relays() const;

private:
    TempDir folder_;
    std::vector<TestCertificate> certificates_;
    common::Fd listener_;
    std::uint16_t port_ = 0;
    common::Fd keyd_keeper_, keyd_end_; // ours, of their pairs with the keeper, and of keyd's with tlsd
    common::Fd tlsd_keeper_, main_;
    std::optional<Child> keyd_, tlsd_;
};

} // namespace e2e
