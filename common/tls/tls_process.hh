// SPDX-License-Identifier: ISC
// keyd and tlsd as processes of a daemon: how its keeper starts them from the program suite-tls, and how that
// reads what it is told. Nothing here needs a TLS library.
#pragma once

#include "common/fd.hh"
#include "common/keeper/executable.hh"
#include "common/keeper/plan.hh"
#include "common/log.hh"
#include "common/privileges.hh"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

inline constexpr std::string_view tls_program = "suite-tls";
// The roles of its processes, which are labels of their pairs, too.
inline constexpr std::string_view label_of_keyd = "keyd", label_of_tlsd = "tlsd";
// What keyd and tlsd ask the keeper for: these and the number of the certificate, from 0.
inline constexpr std::string_view label_of_key = "key ", label_of_certificate = "certificate ";

inline constexpr std::size_t max_pem = std::size_t{256} * 1024; // bytes of either file

struct CertificateFiles {
    std::string certificate, key; // PEM; absolute
    bool operator==(const CertificateFiles&) const = default;
};

// Where the program is of a daemon whose own path this is: beside it, as it was built, or in ../libexec.
// Throws UserError when there is none, saying what to install.
std::string find_tls_program(const std::string& daemon);
// The same, opened. goes_on: it was there on trial, and its loss is no reason to end a daemon that serves:
// then there is none.
std::shared_ptr<const Executable> open_tls_program(const std::string& daemon, bool goes_on = false);

// Has the program look whether these can be served with, in a process that ends at once. What is no fault,
// but to be known. Throws UserError, which says which file is wrong and why.
std::vector<Note> check_certificates(const Executable& program,
                                     const std::vector<CertificateFiles>& certificates);
inline constexpr std::string_view tls_check = "check"; // its role then; the files follow
// In the program.
std::vector<CertificateFiles> read_tls_check(std::span<char* const> arguments);

// Becomes the program, which makes a certificate (common/tls/make): own_path: of this program; words: CERT
// KEY [HOST ...]. name: what complains. Throws as find_tls_program.
[[noreturn]] void execute_tls_make(const std::string& own_path, std::string_view name,
                                   std::span<const std::string> words);
inline constexpr std::string_view tls_make = "make"; // its role then; the name and the words follow

// Has the keeper of this plan run keyd and tlsd from the program. The main process is given the pair with
// tlsd under its label; keyd's goes to tlsd. A reload that finds other files has the program look at them,
// and puts others in the place of both.
void add_tls(Plan& plan, const std::shared_ptr<const Executable>& program,
             const std::vector<CertificateFiles>& certificates, const std::optional<DaemonUsers>& users);

// What the program is told.
struct TlsOrders {
    std::string role;
    Fd keeper, pair;
    std::optional<Identity> self, relays; // whom to become
    std::vector<std::string> files{};     // what the certificates or keys are called; in their order
};
// In the child: executes the program with these.
[[noreturn]] void execute_tls(const Executable& program, const TlsOrders& orders);
// In the program. Throws UsageError for what execute_tls does not say.
TlsOrders read_tls_orders(std::span<char* const> arguments);

} // namespace common
