package vitiligo.official;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * HL7's own validation engine, resident: a line of JSON per resource in, a line of JSON per resource out.
 *
 * <p>Arguments name the contexts that can be asked for: {@code NAME=ID#VERSION,...}. The first item is the core package;
 * those that follow are packages of the cache, folders of conformance resources, or single JSON files. A context is
 * loaded when the first resource asks for it.
 *
 * <p>In: {@code {"id", "version": NAME, "profiles": [url], "resource": {...} or "text": "..."}}, with {@code "format":
 * "XML"} where the text is that, and {@code "supporting": [{"name", "text"}]} for conformance resources that only this one
 * is judged by. Out, in the order in
 * which verdicts are ready: {@code {"id", "issues": [{"severity", "location", "messageId", "text"}]}}, or
 * {@code {"id", "failure"}} where there is no verdict at all.
 */
public final class Main {
  /** Requests held at once; more would only fill the heap. */
  private static final int IN_FLIGHT = 64;

  private Main() {}

  public static void main(String[] arguments) throws Exception {
    PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    System.setOut(System.err); // the engine talks on standard output, which belongs to the answers
    Map<String, Lane> lanes = new LinkedHashMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      lanes.put(argument.substring(0, equals), new Lane(List.of(argument.substring(equals + 1).split(","))));
    }
    Semaphore free = new Semaphore(IN_FLIGHT);
    try (BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = requests.readLine(); line != null; line = requests.readLine()) {
        JsonObject request = JsonParser.parseString(line).getAsJsonObject();
        free.acquire();
        Lane lane = lanes.get(request.get("version").getAsString());
        if (lane == null) {
          answer(answers, request, Verdicts.failure("no context is named " + request.get("version")), free);
        } else {
          lane.worker.execute(() -> answer(answers, request, lane.verdict(request), free));
        }
      }
    }
    for (Lane lane : lanes.values()) {
      lane.worker.shutdown();
      lane.worker.awaitTermination(1, TimeUnit.HOURS);
    }
  }

  private static void answer(PrintStream answers, JsonObject request, JsonObject verdict, Semaphore free) {
    verdict.add("id", request.get("id"));
    synchronized (answers) {
      answers.print(verdict);
      answers.print('\n');
      answers.flush();
    }
    free.release();
  }

  /** One context and the one thread that may touch it: the engine is not made for two at once. */
  private static final class Lane {
    final ExecutorService worker = Executors.newSingleThreadExecutor();
    private final List<String> content;
    private Verdicts verdicts;
    private JsonArray supporting;
    private Verdicts supported;
    private String broken;

    Lane(List<String> content) {
      this.content = content;
    }

    JsonObject verdict(JsonObject request) {
      try {
        if (verdicts == null && broken == null) {
          load();
        }
        return broken == null ? asked(request).of(request) : Verdicts.failure(broken);
      } catch (Throwable problem) { // one resource must not end the others
        problem.printStackTrace();
        return Verdicts.failure(problem.toString());
      }
    }

    /** What is asked for with supporting resources comes one set after the other: the last one is kept. */
    private Verdicts asked(JsonObject request) throws Exception {
      if (!request.has("supporting")) {
        return verdicts;
      }
      if (!request.getAsJsonArray("supporting").equals(supporting)) {
        supporting = null;
        synchronized (Lane.class) {
          supported = new Verdicts(verdicts, request.getAsJsonArray("supporting"));
        }
        supporting = request.getAsJsonArray("supporting");
      }
      return supported;
    }

    private void load() {
      try {
        synchronized (Lane.class) { // contexts share a terminology cache on disk, which each one clears as it starts
          verdicts = new Verdicts(content);
        }
      } catch (Throwable problem) { // nor one context, which is not tried again: loading takes its time
        problem.printStackTrace();
        broken = "cannot load " + String.join(", ", content) + ": " + problem;
      }
    }
  }
}
