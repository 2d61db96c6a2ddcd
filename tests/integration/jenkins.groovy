// Runs a declarative Jenkinsfile without Jenkins: its Groovy is Groovy, its shell steps are run by `sh -xe`, and the
// steps of plug-ins do what this project relies on. Usage: groovy jenkins.groovy JENKINSFILE; prints JSON.
import groovy.json.JsonOutput
import org.codehaus.groovy.control.CompilerConfiguration

class Failed extends RuntimeException {

    Failed(String message) { super(message) }

}

class Jenkins {

    static final List<String> WORST_LAST = ['SUCCESS', 'UNSTABLE', 'FAILURE']

    Map<String, String> env = [:]
    Map<String, String> currentBuild = [currentResult: 'SUCCESS']
    List<Map> said = []

    void propertyMissing(String name, Object value) { env[name] = value as String } // `environment { NAME = 'value' }`

    Object propertyMissing(String name) { name } // `agent any`

    void pipeline(Closure body) { within(body) }

    void agent(String name) { }

    void options(Closure body) { }

    void environment(Closure body) { within(body) }

    void stages(Closure body) { within(body) }

    void stage(String name, Closure body) {
        if (currentBuild.currentResult != 'FAILURE') {
            skipped = false
            within(body)
        }
    }

    void when(Closure body) { within(body) }

    void expression(Closure body) { skipped = !within(body) }

    void steps(Closure body) {
        if (skipped) { return }
        try {
            within(body)
        } catch (Failed failed) {
            worsen('FAILURE', failed.message)
        }
    }

    void post(Closure body) { within(body) }

    void always(Closure body) { within(body) }

    void script(Closure body) { within(body) }

    Map usernamePassword(Map binding) { binding }

    void withCredentials(List<Map> bindings, Closure body) {
        Map<String, String> bound = bindings.collectEntries {
            [it.usernameVariable, it.passwordVariable].collectEntries { name -> [name, System.getenv("CREDENTIAL_$name")] }
        }
        env += bound
        within(body)
        env -= bound
    }

    Object sh(Map how) {
        Process process = new ProcessBuilder('/bin/sh', '-xec', how.script as String)
            .redirectError(ProcessBuilder.Redirect.INHERIT).with { environment().putAll(env); start() }
        String out = process.inputStream.getText('UTF-8')
        int code = process.waitFor()
        System.err.print(out)
        if (how.returnStatus) { return code }
        if (code != 0) { throw new Failed("script returned exit code ${code}") }
        return how.returnStdout ? out : null
    }

    Object sh(String script) { sh(script: script) }

    void error(String message) { throw new Failed(message) }

    void unstable(String message) { worsen('UNSTABLE', message) }

    void junit(Map how) {
        File report = new File(how.testResults as String)
        if (report.exists()) {
            String text = report.text
            if (text.contains('<failure') || text.contains('<error')) { worsen('UNSTABLE', 'junit: tests failed') }
        } else if (!how.allowEmptyResults) {
            worsen('FAILURE', 'junit: no test report files were found')
        }
    }

    void publishHTML(Map how) {
        File page = new File(how.target.reportDir as String, how.target.reportFiles as String)
        if (!page.exists() && !how.target.allowMissing) { worsen('FAILURE', "publishHTML: no ${page}") }
        said << [published: page.exists()]
    }

    void archiveArtifacts(Map how) {
        said << [archived: (new File(how.artifacts as String).parentFile.list() as List ?: []).sort()]
    }

    private boolean skipped

    private Object within(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_FIRST
        return body.call()
    }

    private void worsen(String result, String reason) {
        said << [result: result, reason: reason]
        if (WORST_LAST.indexOf(result) > WORST_LAST.indexOf(currentBuild.currentResult)) {
            currentBuild.currentResult = result
        }
    }

}

Jenkins jenkins = new Jenkins()
DelegatingScript jenkinsfile = new GroovyShell(new CompilerConfiguration(scriptBaseClass: DelegatingScript.name))
    .parse(new File(args[0])) as DelegatingScript
jenkinsfile.setDelegate(jenkins)
jenkinsfile.run()
println JsonOutput.toJson([result: jenkins.currentBuild.currentResult, said: jenkins.said])
