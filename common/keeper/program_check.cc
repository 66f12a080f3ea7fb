// SPDX-License-Identifier: ISC
#include "common/keeper/program_check.hh"

#include "common/text.hh"

#include <exception>
#include <iterator>
#include <utility>

namespace common {
namespace {

std::optional<std::string> refusal_of(const Executable& program, std::string_view asked,
                                      const ProgramRun::Result& result) {
    if (!result.refusal) return {};
    return text(program.path(), ' ', asked, ": ", *result.refusal);
}

} // namespace

void ProgramCheck::begin(const std::shared_ptr<const Executable>& program, OnResult on_result) {
    run_.begin(program, {invocation_.arguments().front(), "-V"},
               [this, program, on_result = std::move(on_result)](const ProgramRun::Result& result) {
                   if (auto refusal = refusal_of(*program, "-V", result))
                       return on_result({{}, std::move(refusal)});
                   ask_for_start(program, keep_to_one_line(result.output), on_result);
               });
}

void ProgramCheck::ask_for_start(const std::shared_ptr<const Executable>& program, const std::string& version,
                                 const OnResult& on_result) {
    std::vector<std::string> arguments = invocation_.arguments();
    arguments.insert(std::next(arguments.begin()), "-n");
    try {
        run_.begin(program, std::move(arguments),
                   [program, version, on_result](const ProgramRun::Result& result) {
                       on_result({version, refusal_of(*program, "-n", result)});
                   });
    } catch (const std::exception& error) {
        on_result({version, error.what()});
    }
}

} // namespace common
